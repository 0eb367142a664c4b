"""The EHR misbehaving on demand: each fault a row of a table, hung on the honest path where it leaves the EHR.

The honest path calls `Faults` at ten points and knows no more; without a fault each point gives back what it was given.
"""
