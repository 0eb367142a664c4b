from smart_app.fhir.reference import place_of


# SMART K1
def test_location_gives_type_and_id_whatever_the_host() -> None:
    place = place_of("http://upstream:8080/r4/Observation/12/_history/4")
    assert place is not None
    assert (place.reference, place.version) == ("Observation/12", "4")
    assert place_of("http://upstream/") is None
    assert place_of(None) is None
