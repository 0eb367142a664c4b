"""launch.json: read strictly, with the path of every mistake; and the one normalisation of `iss`."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
import simplejson
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from smart_app.assets import launch_file, templates_dir
from smart_app.errors import ConfigurationError
from smart_app.registration import (
    Issuer,
    OpenServer,
    PrivateKeyJwt,
    PublicClient,
    Registration,
    SecretBasic,
    SecretPost,
    launch_schema,
    load_registration,
    normalise_iss,
)
from tests.documentation.generated_pages import schema_file

ROOT = Path(__file__).parents[1]
Write = Callable[..., Path]
EHR: dict[str, Any] = {"name": "Example EHR", "iss": "https://ehr.example.org/fhir", "client_id": "rapport", "auth": {"method": "none"}}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the shipped file with other issuers, or other top-level members."""

    def written(*issuers: dict[str, Any], **members: Any) -> Path:
        document = {**simplejson.loads(launch_file().read_text()), "issuers": list(issuers), **members}
        path = tmp_path / "launch.json"
        path.write_text(simplejson.dumps(document))
        return path

    return written


def mistake(path: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as refused:
        load_registration(path)
    assert str(path) in refused.value.where
    return refused.value


def only(path: Path) -> Issuer:
    (issuer,) = load_registration(path).issuers
    return issuer


class TestShippedFile:
    def test_it_is_usable_and_trusts_nobody(self) -> None:
        registration = load_registration()
        assert registration.client.redirect_uris == ("/callback",)
        assert registration.smart.launch_uri == "/launch"
        assert registration.issuers
        assert all(issuer.synthetic_data and not issuer.trusted for issuer in registration.issuers)
        assert [issuer.name for issuer in registration.issuers if issuer.enabled] == ["Northfield General, training EHR"]
        assert registration.find("http://127.0.0.1:8081/fhir") is None
        assert registration.frame_ancestors() == ()
        assert registration.find("https://launch.smarthealthit.org/v/r4/fhir") is None

    @pytest.mark.parametrize(
        ("iss", "auth"),
        [
            ("https://launch.smarthealthit.org/v/r4/fhir", PublicClient()),
            ("https://launch.smarthealthit.org/v/r4/sim/WzAsIiJd/fhir", PublicClient()),
            ("https://hapi.fhir.org/baseR4", OpenServer()),
            ("https://r4.smarthealthit.org", OpenServer()),
        ],
    )
    def test_public_sandboxes_are_synthetic_and_one_switch_away(self, iss: str, auth: object) -> None:
        shipped = load_registration()
        assert shipped.find(iss) is None
        on = replace(shipped, issuers=tuple(replace(issuer, enabled=True) for issuer in shipped.issuers))
        found = on.find(iss)
        assert found is not None
        assert (found.auth, found.synthetic_data) == (auth, True)

    def test_its_schema_is_the_published_one(self) -> None:
        published = (ROOT / "docs" / "launch.schema.json").read_text()
        assert published == schema_file(), "run make docs"

    # SMART A2
    def test_schema_has_a_pattern_for_every_address(self) -> None:
        parts = launch_schema()["$defs"]
        patterns = {
            "redirect": parts["_ClientPart"]["properties"]["redirect_uris"]["items"]["pattern"],
            "launch": parts["_SmartPart"]["properties"]["launch_uri"]["pattern"],
            "iss": parts["_IssuerPart"]["properties"]["iss"]["anyOf"][0]["pattern"],
            "prefix": parts["_IssuerPart"]["properties"]["iss_prefix"]["anyOf"][0]["pattern"],
            "frame": parts["_IssuerPart"]["properties"]["frame_ancestors"]["items"]["pattern"],
            "host": parts["_IssuerPart"]["properties"]["hosts"]["items"]["pattern"],
        }
        for name, good, bad in (
            ("redirect", "/callback", "/callback#x"),
            ("redirect", "/a/.well-known/b", "/a/../b"),
            ("launch", "/launch", "/launch?x=1"),
            ("launch", "/", "//evil.example"),
            ("iss", "https://ehr.example.org/fhir/", "http://ehr.example.org/fhir"),
            ("iss", "http://[::1]:80/fhir", "https://u@ehr.example.org/fhir"),
            ("prefix", "https://sim.example.org/v/r4/", "https://sim.example.org/v/r4"),
            ("frame", "https://*.example.org:8443", "https://a.example/path"),
            ("host", "a.example:8443", "https://a.example"),
        ):
            assert re.search(patterns[name], good), (name, good)
            assert not re.search(patterns[name], bad), (name, bad)

    @given(st.text())
    def test_schema_refuses_no_iss_that_the_reader_takes(self, text: str) -> None:
        pattern = launch_schema()["$defs"]["_IssuerPart"]["properties"]["iss"]["anyOf"][0]["pattern"]
        for iss in (text, f"https://{text}", f"https://ehr.example.org/{text}", f"http://localhost{text}", f"http://127.0.0.1:{text}"):
            assert normalise_iss(iss) is None or re.search(pattern, iss)

    def test_templates_are_found(self) -> None:
        assert templates_dir().is_dir()


class TestFind:
    # SMART B2
    def test_it_is_exact_after_the_one_normalisation(self, write: Write) -> None:
        registration = load_registration(write(EHR))
        for iss in ("https://ehr.example.org/fhir", "https://ehr.example.org/fhir/", "HTTPS://EHR.example.ORG:443/fhir"):
            found = registration.find(iss)
            assert found is not None
            assert found.iss == "https://ehr.example.org/fhir"
        for other in (
            "https://ehr.example.org/fhir/r4",
            "https://ehr.example.org/FHIR",
            "https://ehr.example.org",
            "https://ehr.example.org:8443/fhir",
        ):
            assert registration.find(other) is None

    # SMART B2
    def test_prefix_of_synthetic_data_covers_a_whole_folder(self, write: Write) -> None:
        entry = {**EHR, "iss_prefix": "https://Sim.example.org/v/r4/", "synthetic_data": True}
        del entry["iss"]
        registration = load_registration(write(entry))
        found = registration.find("https://sim.example.org/v/r4/sim/WzAs/fhir")
        assert found is not None
        assert (found.iss, found.synthetic_data) == ("https://sim.example.org/v/r4/sim/WzAs/fhir", True)
        for other in (
            "https://sim.example.org/v/r4",
            "https://sim.example.org/v/r4x/fhir",
            "https://sim.example.org/v/r4/../r5/fhir",
            "https://sim.example.org/v/r4/%2e%2E/r5/fhir",
            "https://sim.example.org/v/r4/%2Fr5",
            "https://sim.example.org.evil.example/v/r4/fhir",
        ):
            assert registration.find(other) is None

    def test_added_issuer_replaces_the_one_with_its_iss(self, write: Write) -> None:
        registration = load_registration(write(EHR))
        added = replace(registration.issuers[0], iss="https://EHR.example.org/fhir/", name="Added", frame_ancestors=("http://127.0.0.1:1",))
        again = registration.with_issuer(added)
        assert [issuer.name for issuer in again.issuers] == ["Added"]
        assert again.find("https://ehr.example.org/fhir") is not None
        assert again.frame_ancestors() == ("http://127.0.0.1:1",)
        with pytest.raises(ConfigurationError):
            registration.with_issuer(replace(added, iss="http://ehr.example.org/fhir"))

    def test_frame_ancestors_are_the_union_of_enabled_entries(self, write: Write) -> None:
        framed = [
            {**EHR, "frame_ancestors": ["https://a.example.org", "https://*.b.example.org:8443"]},
            {**EHR, "iss": "https://c.example.org/f", "frame_ancestors": ["https://a.example.org", "http://127.0.0.1:8081"]},
            {**EHR, "iss": "https://d.example.org/f", "frame_ancestors": ["https://d.example.org"], "enabled": False},
        ]
        expected = ("https://a.example.org", "https://*.b.example.org:8443", "http://127.0.0.1:8081")
        assert load_registration(write(*framed)).frame_ancestors() == expected


class TestNormalisation:
    # SMART B2
    @pytest.mark.parametrize(
        ("iss", "normal"),
        [
            ("https://a/b", "https://a/b"),
            ("https://a", "https://a"),
            ("https://a/", "https://a"),
            ("http://localhost:8081/fhir", "http://localhost:8081/fhir"),
            ("http://[::1]:80/fhir", "http://[::1]/fhir"),
            ("http://127.9.9.9/fhir", "http://127.9.9.9/fhir"),
            ("https://a/B%2b/", "https://a/B%2b"),
            ("http://a/b", None),
            ("http://localhost.example.org/", None),
            ("https://a//b", None),
            ("https://a/b//", None),
            ("https://u@a/b", None),
            ("https://u:p@a/b", None),
            ("https://a/b?", None),
            ("https://a/b?c", None),
            ("https://a/b#c", None),
            ("https://a/./b", None),
            ("https://a/:/", "https://a/:"),
            ("https://a/://", None),
            ("https://a:x/b", None),
            ("https://a:70000/b", None),
            ("https://a\\b/c", None),
            ("https://a/b\n", None),
            (" https://a/b", None),
            ("https://é/b", None),
            ("https:///b", None),
            ("//a/b", None),
            ("file:///etc/passwd", None),
            ("", None),
        ],
    )
    def test_examples(self, iss: str, normal: str | None) -> None:
        assert normalise_iss(iss) == normal

    # SMART B2
    @given(st.text())
    def test_it_is_stable_and_never_fails(self, text: str) -> None:
        for iss in (text, f"https://{text}", f"https://ehr.example.org/{text}"):
            normal = normalise_iss(iss)
            assert normal is None or normalise_iss(normal) == normal


class TestClientAuthentication:
    @pytest.mark.parametrize(
        ("auth", "expected"),
        [
            ({"method": "none"}, PublicClient()),
            ({"method": "client_secret_basic", "secret_env": "S"}, SecretBasic(secret_env="S")),
            ({"method": "client_secret_basic", "secret_env": "S", "form_encode": True}, SecretBasic(secret_env="S", form_encode=True)),
            ({"method": "client_secret_post", "secret_env": "S"}, SecretPost(secret_env="S")),
            (
                {"method": "private_key_jwt", "key_env": "K", "alg": "ES384", "kid": "1"},
                PrivateKeyJwt(key_env="K", alg="ES384", kid="1"),
            ),
            ({"method": "private_key_jwt", "key_file": "/run/keys.json"}, PrivateKeyJwt(key_file=Path("/run/keys.json"))),
            ({"method": "client_secret_post", "secret_file": "/run/s"}, SecretPost(secret_file=Path("/run/s"))),
        ],
    )
    def test_every_kind_has_its_type(self, write: Write, auth: dict[str, Any], expected: object) -> None:
        assert only(write({**EHR, "auth": auth})).auth == expected

    def test_open_server_needs_no_client_id(self, write: Write) -> None:
        issuer = only(write({"name": "Open", "iss": "https://o.example/fhir", "auth": {"method": "open"}, "synthetic_data": True}))
        assert issuer.auth == OpenServer()

    def test_features_make_the_scope(self, write: Write) -> None:
        found = only(write({**EHR, "features": ["results", "scores", "names"]}))
        assert found.scope == "launch openid fhirUser patient/Patient.r patient/Observation.crs user/Practitioner.r"
        assert only(write({**EHR, "features": []})).scope == "launch openid fhirUser patient/Patient.r"

    def test_scope_is_the_clients_unless_given(self, write: Write) -> None:
        registration: Registration = load_registration(write(EHR, {**EHR, "iss": "https://b.example/f", "scope": "launch openid"}))
        assert [issuer.scope for issuer in registration.issuers] == [registration.client.scope, "launch openid"]
        added = registration.with_issuer(Issuer(name="Added", iss="https://c.example/f", client_id="x", auth=PublicClient()))
        assert added.issuers[-1].scope == registration.client.scope


# SMART A1
def test_entry_holds_all_that_differs_between_ehrs(write: Write) -> None:
    given = {
        **EHR,
        "auth": {"method": "private_key_jwt", "key_env": "K", "kid": "1"},
        "scope": "launch openid patient/*.read",
        "hosts": ["login.example.org", "keys.example.org:8443"],
        "id_token_issuers": ["https://login.example.org/tenants/t/oidc/idsps/t/"],
        "frame_ancestors": ["https://ehr.example.org"],
        "nonce_optional": True,
        "launch_plus": "space",
        "trust_scopes_for": ["QuestionnaireResponse"],
    }
    assert only(write(given)) == Issuer(
        name="Example EHR",
        iss="https://ehr.example.org/fhir",
        client_id="rapport",
        auth=PrivateKeyJwt(key_env="K", kid="1"),
        scope="launch openid patient/*.read",
        hosts=("login.example.org", "keys.example.org:8443"),
        id_token_issuers=("https://login.example.org/tenants/t/oidc/idsps/t/",),
        frame_ancestors=("https://ehr.example.org",),
        nonce_optional=True,
        launch_plus="space",
        trust_scopes_for=("QuestionnaireResponse",),
    )


class TestMistakes:
    # SMART A1
    # IG 10
    @pytest.mark.parametrize(
        ("change", "key"),
        [
            ({"extra": 1}, "issuers[0].extra"),
            ({"iss": "http://ehr.example.org/fhir"}, "issuers[0].iss"),
            ({"iss": 7}, "issuers[0].iss"),
            ({"iss": None}, "issuers[0]"),
            ({"iss_prefix": "https://ehr.example.org/"}, "issuers[0]"),
            ({"iss": None, "iss_prefix": "https://ehr.example.org/"}, "issuers[0]"),
            ({"iss": None, "iss_prefix": "https://ehr.example.org/x", "synthetic_data": True}, "issuers[0].iss_prefix"),
            ({"auth": {"method": "open"}}, "issuers[0]"),
            ({"auth": {}}, "issuers[0].auth"),
            ({"auth": {"method": "magic"}}, "issuers[0].auth"),
            ({"launch_plus": "both"}, "issuers[0].launch_plus"),
            ({"trust_scopes_for": ["Patient"]}, "issuers[0].trust_scopes_for[0]"),
            ({"auth": {"method": "none", "secret_env": "S"}}, "issuers[0].auth.secret_env"),
            ({"auth": {"method": "client_secret_basic"}}, "issuers[0].auth"),
            ({"auth": {"method": "client_secret_post", "secret_env": "S", "secret_file": "/run/s"}}, "issuers[0].auth"),
            ({"auth": {"method": "client_secret_post", "secret_file": "s3cr3t-value"}}, "issuers[0].auth.secret_file"),
            ({"auth": {"method": "private_key_jwt", "alg": "ES384"}}, "issuers[0].auth"),
            ({"auth": {"method": "client_secret_basic", "secret_env": "s3cr3t-value"}}, "issuers[0].auth.secret_env"),
            ({"auth": {"method": "client_secret_basic", "secret": "s3cr3t-value"}}, "issuers[0].auth.secret"),
            ({"auth": {"method": "private_key_jwt", "key_env": "K", "alg": "RS256", "kid": "1"}}, "issuers[0].auth.alg"),
            ({"client_id": ""}, "issuers[0]"),
            ({"demo_only": True}, "issuers[0]"),
            ({"standalone": True, "iss": None, "iss_prefix": "https://ehr.example.org/", "synthetic_data": True}, "issuers[0]"),
            ({"standalone": True, "auth": {"method": "open"}, "synthetic_data": True}, "issuers[0]"),
            ({"frame_ancestors": ["https://a.example/path"]}, "issuers[0].frame_ancestors[0]"),
            ({"frame_ancestors": ["https://a.example", "*; script-src *"]}, "issuers[0].frame_ancestors[1]"),
            ({"hosts": ["https://a.example"]}, "issuers[0].hosts[0]"),
            ({"scope": "launch  openid"}, "issuers[0].scope"),
            ({"features": ["results", "everything"]}, "issuers[0].features[1]"),
            ({"features": ["results"], "scope": "launch openid"}, "issuers[0]"),
            ({"synthetic_data": "true"}, "issuers[0].synthetic_data"),
            ({"enabled": 1}, "issuers[0].enabled"),
            ({"name": ""}, "issuers[0].name"),
        ],
    )
    def test_path_of_a_mistake_in_an_issuer(self, write: Write, change: dict[str, Any], key: str) -> None:
        error = mistake(write({**EHR, **change}))
        assert error.where.endswith(f": {key}")
        assert "s3cr3t" not in str(error)

    # SMART A2
    # IG 20, 21
    @pytest.mark.parametrize(
        ("members", "key"),
        [
            ({"client": {}}, "client.client_name"),
            ({"smart": {"launch_uri": "launch", "fhir_versions": ["4.0.1"]}}, "smart.launch_uri"),
            ({"smart": {"launch_uri": "/launch?x=1", "fhir_versions": ["4.0.1"]}}, "smart.launch_uri"),
            ({"smart": {"launch_uri": "/a/../launch", "fhir_versions": ["4.0.1"]}}, "smart.launch_uri"),
            ({"smart": {"launch_uri": "/launch#x", "fhir_versions": ["4.0.1"]}}, "smart.launch_uri"),
            ({"smart": {"launch_uri": "/callback", "fhir_versions": ["4.0.1"]}}, "the whole file"),
            ({"smart": {"launch_uri": "/launch", "fhir_versions": ["5.0.0"]}}, "smart.fhir_versions[0]"),
            ({"issuer": []}, "issuer"),
            ({"issuers": {}}, "issuers"),
        ],
    )
    def test_path_of_a_mistake_elsewhere(self, write: Write, members: dict[str, Any], key: str) -> None:
        assert mistake(write(**members)).where.endswith(f": {key}")

    def test_two_entries_for_one_iss_are_refused(self, write: Write) -> None:
        assert "twice" in str(mistake(write(EHR, {**EHR, "iss": "https://EHR.example.org/fhir/"})))

    # SMART A3
    @pytest.mark.parametrize("place", [{"secret_env": "S"}, {"secret_file": "/run/s"}])
    @pytest.mark.parametrize("enabled", [True, False])
    def test_one_secret_for_two_ehrs_is_refused_naming_both(self, write: Write, place: dict[str, str], enabled: bool) -> None:
        other = {**EHR, "name": "Other EHR", "iss": "https://b.example/f", "enabled": enabled}
        basic, post = {"method": "client_secret_basic", **place}, {"method": "client_secret_post", **place}
        said = str(mistake(write({**EHR, "auth": basic}, {**other, "auth": post})))
        assert "'Example EHR'" in said
        assert "'Other EHR'" in said

    def test_one_key_may_serve_many_ehrs(self, write: Write) -> None:
        auth = {"method": "private_key_jwt", "key_env": "K"}
        assert len(load_registration(write({**EHR, "auth": auth}, {**EHR, "iss": "https://b.example/f", "auth": auth})).issuers) == 2

    def test_entry_that_is_off_may_wait_for_its_client_id(self, write: Write) -> None:
        assert only(write({**EHR, "client_id": "", "enabled": False})).client_id == ""

    @pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"client": 1, "client": 2}', "\ufeff{}"])
    def test_file_that_is_no_registration(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "launch.json"
        path.write_text(text)
        mistake(path)

    def test_missing_file(self, tmp_path: Path) -> None:
        mistake(tmp_path / "absent.json")


class TestStandalone:
    def test_only_trusted_entries_that_say_so_are_offered(self, write: Write) -> None:
        others = [
            {**EHR, "iss": "https://b.example/f"},
            {**EHR, "iss": "https://c.example/f", "standalone": True, "enabled": False},
            {**EHR, "iss": "https://d.example/f", "standalone": True, "synthetic_data": True, "demo_only": True},
        ]
        registration = load_registration(write({**EHR, "standalone": True}, *others))
        assert [issuer.iss for issuer in registration.standalone] == [EHR["iss"]]

    @pytest.mark.parametrize(
        ("scope", "asked", "registered"),
        [
            ("launch openid", "launch/patient openid", "launch openid launch/patient"),
            ("openid launch/patient launch", "launch/patient openid", "openid launch/patient launch"),
        ],
    )
    def test_scopes_ask_for_a_patient_in_place_of_a_chart(self, write: Write, scope: str, asked: str, registered: str) -> None:
        found = only(write({**EHR, "scope": scope, "standalone": True}))
        assert (found.standalone_scope, found.registered_scope) == (asked, registered)
        assert only(write({**EHR, "scope": scope})).registered_scope == scope


class TestTimeZone:
    def test_an_entry_names_the_clinics_own_and_need_not(self, write: Write) -> None:
        assert only(write({**EHR, "time_zone": "Pacific/Auckland"})).time_zone == ZoneInfo("Pacific/Auckland")
        assert only(write(EHR)).time_zone is None

    @pytest.mark.parametrize("name", ["Mars/Olympus", "UTC+1", "", "localtime", "Europe"])
    def test_what_is_no_name_is_refused_with_its_path_and_what_is_wanted(self, write: Write, name: str) -> None:
        wrong = mistake(write(EHR, {**EHR, "iss": "https://b.example/f", "time_zone": name}))
        assert wrong.where.endswith("issuers[1].time_zone")
        assert "must be the IANA name of a time zone, such as Europe/Berlin" in wrong.user_message

    @pytest.mark.parametrize("given", [1, ["UTC"], "\n"])
    def test_the_schema_refuses_what_is_no_text_of_that_shape(self, given: object, write: Write) -> None:
        mistake(write({**EHR, "time_zone": given}))

    def test_the_schema_takes_every_zone_there_is(self) -> None:
        pattern = launch_schema()["$defs"]["_IssuerPart"]["properties"]["time_zone"]["anyOf"][0]["pattern"]
        assert {name for name in available_timezones() if not re.search(pattern, name)} <= {"localtime"}
