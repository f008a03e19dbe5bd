"""No credential is in the code, in the templates of any environment or in the packages."""

from tests.infra.system import CHECKOUT, synthesized
from tools.base.target import ENVIRONMENTS
from tools.checks.secret_scan.allowlist import Allowlist
from tools.checks.secret_scan.scan import code, scan


def test_no_credential_is_in_code_templates_or_packages() -> None:
    templates = [
        file
        for environment in ENVIRONMENTS
        for file in synthesized(environment).assembly.directory.glob("*.json")
    ]
    packages = list((CHECKOUT / ".build" / "cloud").glob("*.zip"))
    assert len(templates) > 3 * len(packages) > 30
    allowlist = Allowlist.read()
    assert scan([*code(), *templates, *packages], allowlist) == []
    allowlist.assert_all_needed()
