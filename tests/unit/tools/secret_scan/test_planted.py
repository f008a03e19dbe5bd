"""A planted credential is found wherever one could have got to, and is not shown."""

from __future__ import annotations

import gzip
import io
import json
import py_compile
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.checks.secret_scan.__main__ import main
from tools.checks.secret_scan.allowlist import Allowed, Allowlist, without
from tools.checks.secret_scan.contents import DEEPEST, contents
from tools.checks.secret_scan.errors import ScanError
from tools.checks.secret_scan.scan import Finding, scan, under

# In two parts: the scanner looks through this file, too.
ACCESS_KEY = "AKIA" + "Q7XW3ZP5M2N8K4JD"
PASSWORD = "-".join(["tr0ub4dor", "and", "3", "staples"])
PRIVATE_KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n"
TOKEN = "ghp_" + "a1B2c3D4e5" * 3 + "F6g7H8"


def zipped(**members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/") + ".py", content)
    return made.getvalue()


def tarred(**members: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


def png(kind: bytes, body: bytes) -> bytes:
    chunk = kind + body
    return (
        b"\x89PNG\r\n\x1a\n"
        + len(body).to_bytes(4, "big")
        + chunk
        + zlib.crc32(chunk).to_bytes(4, "big")
    )


def compiled(source: str, folder: Path) -> bytes:
    file = folder / "settings.py"
    file.write_text(source)
    py_compile.compile(str(file), str(folder / "settings.pyc"))
    return (folder / "settings.pyc").read_bytes()


LOG_LINE = json.dumps({"level": "INFO", "message": json.dumps({"api_key": PASSWORD})})
PLANTED: dict[str, tuple[str, Callable[[Path], bytes], str]] = {
    "code": ("settings.py", lambda _: f'PASSWORD = "{PASSWORD}"\n'.encode(), "Secret Keyword"),
    "a script": ("deploy.sh", lambda _: f"export API_KEY={PASSWORD}\n".encode(), "Secret Keyword"),
    "a key file": ("id", lambda _: PRIVATE_KEY.encode(), "Private Key"),
    "an address": (
        "Makefile",
        lambda _: ("URL = https:" + f"//admin:{PASSWORD}@example.com\n").encode(),
        "Basic Auth Credentials",
    ),
    "a template": (
        "orders.template.json",
        lambda _: json.dumps({"Environment": {"DB_PASSWORD": PASSWORD}}, indent=1).encode(),
        "Secret Keyword",
    ),
    "a template's description": (
        "orders.template.json",
        lambda _: json.dumps({"Description": f"uses {ACCESS_KEY}"}).encode(),
        "AWS Access Key",
    ),
    "a package": (
        "orders.zip",
        lambda _: zipped(orders__settings=f'api_key = "{PASSWORD}"'.encode()),
        "Secret Keyword",
    ),
    "byte code in a package": (
        "orders.zip",
        lambda folder: zipped(settings=compiled(f'X = "{ACCESS_KEY}"', folder)),
        "AWS Access Key",
    ),
    "a log": ("emulator.log", lambda _: f"12:00:00 {LOG_LINE}\n".encode(), "Secret Keyword"),
    "a long line of a log": (
        "emulator.log",
        lambda _: f'{"x" * 10_000} api_key="{PASSWORD}" {"y" * 10_000}'.encode(),
        "Secret Keyword",
    ),
    "a drawing": (
        "run.svg",
        lambda _: f"<svg><text>{TOKEN}</text></svg>".encode(),
        "GitHub Token",
    ),
    "a picture's comment": (
        "run.png",
        lambda _: png(b"tEXt", b"Comment\0" + TOKEN.encode()),
        "GitHub Token",
    ),
    "a picture's compressed comment": (
        "run.png",
        lambda _: png(b"zTXt", b"Comment\0\0" + zlib.compress(TOKEN.encode())),
        "GitHub Token",
    ),
    "a picture's compressed text in any language": (
        "run.png",
        lambda _: png(b"iTXt", b"Comment\0\1\0en\0\0" + zlib.compress(TOKEN.encode())),
        "GitHub Token",
    ),
    "a layer of an image": (
        "pricing.tar",
        lambda _: tarred(layer=gzip.compress(tarred(env=f"SECRET={PASSWORD}".encode()))),
        "Secret Keyword",
    ),
    "a package in a layer of an image": (
        "pricing.tar",
        lambda _: tarred(layer=tarred(app=zipped(app=PRIVATE_KEY.encode()))),
        "Private Key",
    ),
}


@pytest.mark.parametrize("where", PLANTED)
def test_it_is_found(where: str, tmp_path: Path) -> None:
    name, make, kind = PLANTED[where]
    file = tmp_path / "seen" / name
    file.parent.mkdir()
    file.write_bytes(make(tmp_path))
    assert [it.kind for it in scan([file], without())] == [kind]


def test_the_value_of_a_deployed_secret_is_found_whatever_is_around_it(tmp_path: Path) -> None:
    file = tmp_path / "any.log"
    file.write_text("one\nmessage: correct horse battery staple!\n")
    deployed = frozenset({"correct horse battery"})
    assert scan([file], without(), deployed) == [Finding(file.as_posix(), 2, "Deployed Secret")]
    assert scan([file], without()) == []


@pytest.mark.parametrize(
    "harmless",
    [
        'SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-1a2B3c"',
        'password = "the word of a test"',
        'SECRET = "AWS::SecretsManager::Secret"',
        'api_key = "{{resolved}}"',
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "id = 7a70bbee-fd81-57a1-a725-26349936485a",
    ],
)
def test_what_is_no_credential_is_left_alone(harmless: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.py"
    file.write_text(harmless)
    assert scan([file], without()) == []


def test_what_is_printed_says_where_and_not_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "settings.py"
    file.write_text(f'\nPASSWORD = "{PASSWORD}"\n')
    assert main([str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.out == f"{file}:2: Secret Keyword\n"
    assert PASSWORD not in printed.out + printed.err


@pytest.mark.parametrize(
    ("name", "damaged"),
    [
        ("orders.zip", b"PK\x03\x04nothing"),
        ("layer.tar.gz", b"\x1f\x8bnothing"),
        ("run.png", png(b"zTXt", b"Comment\0\0nothing")),
    ],
)
def test_what_cannot_be_opened_is_not_passed_over(
    name: str, damaged: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(damaged)
    assert main([str(tmp_path)]) == 2
    assert name in capsys.readouterr().err


def test_archives_in_archives_come_to_an_end(tmp_path: Path) -> None:
    content = b"x"
    for _ in range(DEEPEST + 2):
        content = gzip.compress(content)
    (tmp_path / "bomb.gz").write_bytes(content)
    with pytest.raises(ScanError, match="too deeply"):
        list(contents(tmp_path / "bomb.gz"))


def test_a_file_that_is_not_there_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nothing.tar")]) == 2
    assert "nothing.tar" in capsys.readouterr().err


def test_an_exception_needs_a_place_a_value_and_a_reason(tmp_path: Path) -> None:
    file = tmp_path / "settings.py"
    file.write_text(f'PASSWORD = "{PASSWORD}"\n')
    fitting = Allowed(file.as_posix(), "Secret Keyword", "tr0ub4dor.*", "an example")
    assert scan(under(tmp_path), without([fitting])) == []
    for other in (
        Allowed("elsewhere.py", "Secret Keyword", ".*", "an example"),
        Allowed(file.as_posix(), "Private Key", ".*", "an example"),
        Allowed(file.as_posix(), "Secret Keyword", "another", "an example"),
    ):
        allowlist = without([other])
        assert scan(under(tmp_path), allowlist)
        with pytest.raises(ScanError, match="nothing to be allowed"):
            allowlist.assert_all_needed()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('place="a"\nkind="b"\nvalue="c"\nreason=" "', "without a reason"),
        ('place="a"\nkind="b"\nvalue="c"', "missing 1 required"),
        ('place="a"\nkind="b"\nvalue="c"\nreason="d"\nwhy="e"', "unexpected keyword"),
    ],
)
def test_a_malformed_exception_is_refused(entry: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "allowlist.toml"
    file.write_text(f"[[allowed]]\n{entry}\n")
    with pytest.raises(ScanError, match=message):
        Allowlist.read(file)
