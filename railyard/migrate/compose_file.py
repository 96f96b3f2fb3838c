"""A docker-compose file: its services as services of Railway, and what has no counterpart there.

Owns the translation of one service's keys. Values that look like secrets are never carried on: only their names are.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import go_yaml
from components.database import IMAGES, image_name
from pulumiverse_railway import rules
from pulumiverse_railway.provider.resources.shared.instance_config import BYTES_PER_MB
from railyard.migrate.findings import BASE, Finding, Kind, Service, in_clear, label
from railyard.shared.console import OperationError

FILES: Final = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""Names of compose files, in the order in which compose looks for them."""
SECRET: Final = re.compile(
    r"(SECRET|TOKEN|PASSWORD|PASSWD|PASS|_KEY|APIKEY|CREDENTIAL|PRIVATE|DSN|SALT)", re.IGNORECASE
)
"""Names of variables whose values are secrets."""
_LOGIN: Final = re.compile(r"://[^/\s:@]+:[^/\s@]+@")
_VARIABLE: Final = re.compile(r"\$\{(?P<name>\w+)(?::?-(?P<default>[^}]*))?[^}]*\}|\$(?P<bare>[A-Za-z_]\w*)")
_URL: Final = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?(?P<path>/[^\s\"'|]*)?")
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)")
_SECONDS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([bkmg]?)b?", re.IGNORECASE)
_BYTES: Final = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_RESTART: Final = {"always": "ALWAYS", "unless-stopped": "ALWAYS", "no": "NEVER", "on-failure": "ON_FAILURE"}
_MEANINGLESS: Final = {
    "container_name": "each service has its own name on Railway's private network",
    "hostname": "each service has its own name on Railway's private network",
    "networks": "all services of an environment share one private network",
    "links": "all services of an environment share one private network",
    "labels": "Railway has none",
    "logging": "Railway keeps the logs",
    "tty": "a service of Railway has no terminal",
    "stdin_open": "a service of Railway has no terminal",
    "profiles": "a stack names the services that it runs",
    "init": "Railway starts the process as the image says",
}
"""Keys that mean nothing on Railway: nothing is lost without them."""
_LEFT_OUT: Final = "the service is left out"
_REASONS: Final = {"depends_on": "which service waits for which follows from its variables and uses"}


class ComposeReader:
    """Reads one service of a compose file."""

    def __init__(self, name: str, keys: Mapping[str, Any], file: str) -> None:
        self._file, self._given = file, keys
        self.findings: list[Finding] = []
        self.service = Service(name=label(name), files=[file])
        self.service.layers[BASE] = {"build": {}, "deploy": {}, "variables": {}}
        self._key = f"services.{name}"

    def read(self) -> Service:
        """Return the service; ``findings`` says what became of each key."""
        readers: dict[str, Callable[[Any], None]] = {
            "image": self._image, "build": self._build, "environment": self._environment, "env_file": self._env_file,
            "ports": self._ports, "expose": self._expose, "volumes": self._volumes, "healthcheck": self._healthcheck,
            "restart": self._restart, "deploy": self._deploy, "stop_grace_period": self._grace,
            "mem_limit": self._memory, "cpus": self._cpus, "command": self._command, "entrypoint": self._command,
        }  # fmt: skip
        for key, value in sorted(self._given.items(), key=lambda item: item[0] != "environment"):  # PORT, then ports
            if key in readers:
                try:
                    readers[key](value)
                except (AttributeError, TypeError, ValueError):  # a list for a table, a word for a number
                    self._say(Kind.NOT_EXPRESSIBLE, key, "its value has no form that compose knows: correct it")
            else:
                kind = Kind.NEVER_READ if key in _MEANINGLESS else Kind.NOT_EXPRESSIBLE
                self._say(kind, key, _MEANINGLESS.get(key) or _REASONS.get(key, "it has no counterpart on Railway"))
        if "image" in self._given and "build" in self._given:
            self.service.image = None
            self._say(Kind.NEVER_READ, "image", "it is the name of what is built, which Railway gives itself")
        if "volume" in self.service.extra and self.service.layers[BASE]["deploy"].get("numReplicas", 1) > 1:
            del self.service.layers[BASE]["deploy"]["numReplicas"]
            self._say(Kind.NOT_EXPRESSIBLE, "deploy.replicas", "a service of Railway with a volume has 1 replica")
        if not self.runs:
            self._leave_out()
        return self.service

    @property
    def runs(self) -> bool:
        """Tell whether there is something that it could run."""
        return bool(self.service.image) or "build" in self._given

    def _leave_out(self) -> None:
        """Say of each key that nothing comes of it, since the service has neither image nor build."""
        others = [each for each in self.findings if each.kind is not Kind.TRANSLATED]
        translated = [each for each in self.findings if each.kind is Kind.TRANSLATED]
        self.findings = [*others, *(replace(each, kind=Kind.NOT_EXPRESSIBLE, text=_LEFT_OUT) for each in translated)]
        if not any(each.key == f"{self._key}.image" for each in others):
            self._say(Kind.NOT_EXPRESSIBLE, "image", f"a service needs an image or a build; {_LEFT_OUT}")

    def _say(self, kind: Kind, key: str, text: str) -> None:
        """Say what becomes of a key, in place of what was said of it before."""
        finding = Finding(kind=kind, file=self._file, key=f"{self._key}.{key}", text=text)
        self.findings = [*(each for each in self.findings if each.key != finding.key), finding]

    def _set(self, section: str, name: str, value: Any, key: str, text: str) -> None:
        """Set a value of the configuration; where no setting says it, its translation says so at the same place."""
        self.service.layers[BASE][section][name] = value
        self.service.places[f"{section}.{name}"] = (self._file, f"{self._key}.{key}")
        self._say(Kind.TRANSLATED, key, text)

    def _image(self, value: Any) -> None:
        image = _expanded(str(value))
        if image is None:
            self._say(Kind.NOT_EXPRESSIBLE, "image", "its name comes from a variable: write it out")
            return
        if "@" not in image and ":" not in image.rpartition("/")[2]:
            image = f"{image}:latest"  # which both Docker and Railway take
        self.service.image = image
        self.service.places["source.image"] = (self._file, f"{self._key}.image")
        kind = IMAGES.get(image_name(image))
        note = f"; a system has {kind} as a part of its own" if kind else ""
        self._say(Kind.TRANSLATED, "image", f"image: {image}{note}")

    def _build(self, value: Any) -> None:
        build = cast("Mapping[str, Any]", value if isinstance(value, Mapping) else {"context": value})
        context = str(build.get("context", "."))
        root = f"/{context.removeprefix('./').rstrip('/')}"
        if context.startswith(("/", "~", "$")) or "://" in context or rules.folder.broken_by(root):
            self._say(Kind.NOT_EXPRESSIBLE, "build.context", f"{context} is not a folder of the repository")
        elif root not in ("/", "/."):
            self.service.root_directory = root
            self._say(Kind.TRANSLATED, "build.context", f"rootDirectory: {root}")
        if "dockerfile" in build:
            path = str(build["dockerfile"]).removeprefix("./")
            self._set("build", "dockerfilePath", path, "build.dockerfile", f"dockerfilePath: {path}")
        else:
            self._set("build", "builder", "DOCKERFILE", "build", "builder: DOCKERFILE")
        for key in build:
            if key == "args":
                self._say(
                    Kind.NOT_EXPRESSIBLE, "build.args", "Railway hands a build the variables that its ARG lines name"
                )
            elif key not in {"context", "dockerfile"}:
                self._say(
                    Kind.NOT_EXPRESSIBLE, f"build.{key}", "Railway builds the last stage of the Dockerfile for itself"
                )

    def _environment(self, value: Any) -> None:
        for name, raw in _pairs(value):
            if raw is not None:
                self.service.environment[name] = raw
            key = f"environment.{name}"
            text = None if raw is None else _expanded(raw)
            if name == "PORT" and _is_port(text):
                self.service.extra["port"] = int(str(text))
                self._say(Kind.TRANSLATED, key, f"port: {text}")
            elif text is None or SECRET.search(name) or _LOGIN.search(text) or in_clear(text):
                self.service.secrets.append(name)
                self._say(Kind.TRANSLATED, key, f"secret {name}: its value belongs in the SOPS file")
            else:
                self._set("variables", name, {"value": text}, key, f"variables.{name}")

    def _env_file(self, value: Any) -> None:
        del value
        self._say(Kind.TRANSLATED, "env_file", "its variables belong in the SOPS file, as those of every .env file")

    def _ports(self, value: Any) -> None:
        for index, port in enumerate(cast("Sequence[Any]", value or ())):
            inside = str(cast("Any", port).get("target") if isinstance(port, Mapping) else port).rpartition(":")[2]
            number = inside.partition("/")[0]
            key = f"ports[{index}]"
            if not _is_port(number) or inside.endswith("/udp"):
                self._say(Kind.NOT_EXPRESSIBLE, key, "Railway opens single TCP ports")
            elif self._database():
                self._say(Kind.NOT_EXPRESSIBLE, key, f"it opens {number} to the internet: add tcpPort if that is meant")
            elif "port" in self.service.extra and self.service.extra["port"] != int(number):
                self._say(Kind.NOT_EXPRESSIBLE, key, "the domain of a service leads to one port")
            else:
                self.service.extra |= {"port": int(number), "railwayDomain": True}
                self._say(Kind.TRANSLATED, key, f"port: {number}, railwayDomain: true")

    def _database(self) -> bool:
        return image_name(str(self._given.get("image", ""))) in {*IMAGES, "memcached", "rabbitmq"}

    def _expose(self, value: Any) -> None:
        ports = [str(port) for port in cast("Sequence[Any]", value or ())]
        if "port" not in self.service.extra and ports and _is_port(ports[0]) and not self._database():
            self.service.extra["port"] = int(ports[0])
            self._say(Kind.TRANSLATED, "expose", f"port: {ports[0]}")
        else:
            self._say(Kind.NEVER_READ, "expose", "every port is open on the private network")

    def _volumes(self, value: Any) -> None:
        for index, volume in enumerate(cast("Sequence[Any]", value or ())):
            key = f"volumes[{index}]"
            kind, source, target = _volume(volume)
            if kind != "volume":
                self._say(
                    Kind.NOT_EXPRESSIBLE, key, f"{source or target} is a folder of this machine: put it into the image"
                )
            elif demand := rules.mount_path.broken_by(target):
                self._say(Kind.NOT_EXPRESSIBLE, key, f"the path of a volume must {demand}")
            elif "volume" in self.service.extra:
                self._say(Kind.NOT_EXPRESSIBLE, key, "a service of Railway mounts one volume")
            else:
                self.service.extra["volume"] = {"mountPath": target}
                self._say(Kind.TRANSLATED, key, f"volume: {{mountPath: {target}}}")

    def _healthcheck(self, value: Any) -> None:
        check: Mapping[str, Any] = value or {}
        test: Any = check.get("test", "")
        text = " ".join(map(str, cast("list[Any]", test))) if isinstance(test, list) else str(test)
        match = _URL.search(text)
        if check.get("disable") or test in ("NONE", ["NONE"]):
            self._say(Kind.TRANSLATED, "healthcheck", "left out: Railway asks only where a healthcheckPath is given")
            return
        if not match:
            self._say(Kind.NOT_EXPRESSIBLE, "healthcheck.test", "Railway asks a path over HTTP, it runs no command")
            return
        path = match["path"] or "/"
        self._set("deploy", "healthcheckPath", path, "healthcheck.test", f"healthcheckPath: {path}")
        wait = _seconds(check.get("start_period")) + (_seconds(check.get("interval")) or 30) * int(
            check.get("retries") or 3
        )
        timeout = min(max(math.ceil(wait), 1), 3600)
        timings = [name for name in ("start_period", "interval", "retries") if name in check]
        if timings:
            self._set(
                "deploy",
                "healthcheckTimeout",
                timeout,
                "healthcheck." + ", ".join(timings),
                f"healthcheckTimeout: {timeout}",
            )
        for name in set(check) - {"test", *timings}:
            self._say(Kind.NOT_EXPRESSIBLE, f"healthcheck.{name}", "Railway has one time for the whole check")

    def _restart(self, value: Any) -> None:
        name, _, retries = ("no" if value is False else str(value)).partition(":")
        policy = _RESTART.get(name)
        if policy is None:
            self._say(Kind.NOT_EXPRESSIBLE, "restart", f"{value} is none of {', '.join(_RESTART)}")
            return
        self._set("deploy", "restartPolicyType", policy, "restart", f"restartPolicyType: {policy}")
        if retries.isdigit():
            self.service.layers[BASE]["deploy"]["restartPolicyMaxRetries"] = int(retries)

    def _deploy(self, value: Any) -> None:
        deploy: Mapping[str, Any] = value or {}
        if "replicas" in deploy:
            self._replicas(deploy["replicas"])
        resources: Mapping[str, Any] = deploy.get("resources") or {}
        limits: Mapping[str, Any] = resources.get("limits") or {}
        if "memory" in limits:
            self._memory(limits["memory"], "deploy.resources.limits.memory")
        if "cpus" in limits:
            self._cpus(limits["cpus"], "deploy.resources.limits.cpus")
        for key in set(deploy) - {"replicas", "resources"}:
            self._say(Kind.NOT_EXPRESSIBLE, f"deploy.{key}", "Railway places and replaces replicas itself")
        for key in set(resources) - {"limits"}:
            self._say(Kind.NOT_EXPRESSIBLE, f"deploy.resources.{key}", "Railway reserves nothing")

    def _replicas(self, value: Any) -> None:
        text = _expanded(str(value)) or ""
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", text):
            self._say(Kind.NOT_EXPRESSIBLE, "deploy.replicas", f"{value} is not a whole number")
            return
        self._set("deploy", "numReplicas", int(text), "deploy.replicas", f"replicas: {int(text)}")

    def _limit(self, name: str, value: float, key: str, demand: str | None, text: str) -> None:
        """Set a limit, unless ``demand`` says what it must be instead."""
        if demand:
            self._say(Kind.NOT_EXPRESSIBLE, key, f"{text}: it must {demand}")
            return
        limits = self.service.layers[BASE]["deploy"].setdefault("limitOverride", {"containers": {}})
        limits["containers"][name] = value
        self.service.places["deploy.limitOverride"] = (self._file, f"{self._key}.{key}")
        self._say(Kind.TRANSLATED, key, text)

    def _memory(self, value: Any, key: str = "mem_limit") -> None:
        match = _SIZE.fullmatch(str(value))
        if match is None:
            self._say(Kind.NOT_EXPRESSIBLE, key, f"{value} is not a valid size")
            return
        megabytes = math.ceil(float(match[1]) * _BYTES[match[2].lower()] / BYTES_PER_MB)
        demand = rules.memory_mb.broken_by(megabytes)
        self._limit("memoryBytes", megabytes * BYTES_PER_MB, key, demand, f"memoryMb: {megabytes}")

    def _cpus(self, value: Any, key: str = "cpus") -> None:
        self._limit("cpu", float(value), key, rules.vcpus.broken_by(float(value)), f"vcpus: {float(value):g}")

    def _grace(self, value: Any) -> None:
        seconds = math.ceil(_seconds(value))
        self._set("deploy", "drainingSeconds", seconds, "stop_grace_period", f"drainingSeconds: {seconds}")

    def _command(self, _: Any) -> None:
        words = {key: _words(self._given.get(key)) for key in ("entrypoint", "command")}
        key = ", ".join(key for key, value in words.items() if value != "")
        if None in words.values():
            self._say(Kind.NOT_EXPRESSIBLE, key, "it needs the value of a variable: write it out")
        elif key:
            command = " ".join(filter(None, words.values()))
            self._set("deploy", "startCommand", command, key, f"startCommand: {command}")


def read(path: Path, shown: str) -> tuple[list[Service], list[Finding]]:
    """Return the services of a compose file, and what becomes of each key; raises ``OperationError``."""
    try:
        document: Any = go_yaml.load(path.read_text(encoding="utf-8-sig"))
    except go_yaml.YamlError as error:
        place = f", line {error.line}" if error.line else ""
        raise OperationError(f"{shown}{place} is not valid YAML: {error.problem}: correct it") from None
    except UnicodeDecodeError:
        raise OperationError(f"{shown} is not in UTF-8: save it as UTF-8") from None
    group: Any = cast("Any", document).get("services") if isinstance(document, dict) else None
    if not isinstance(group, dict):
        raise OperationError(f"{shown} has no services: correct it, or remove it")
    services: list[Service] = []
    findings: list[Finding] = []
    for name, body in cast("dict[str, Any]", group).items():
        reader = ComposeReader(str(name), cast("Any", body) if isinstance(body, dict) else {}, shown)
        service = reader.read()
        if reader.runs:
            services.append(service)
        findings += reader.findings
    for key in cast("dict[str, Any]", document):
        if key in {"secrets", "configs", "include"}:
            text = "files that compose hands to containers: make them variables, or part of the image"
            findings.append(Finding(kind=Kind.NOT_EXPRESSIBLE, file=shown, key=key, text=text))
    return services, findings


def _pairs(value: Any) -> list[tuple[str, str | None]]:
    """Return the variables of a service, name → value; None for one whose value comes from elsewhere."""
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return [(name, None if raw is None else _scalar(raw)) for name, raw in items]
    texts = [str(each).partition("=") for each in cast("Sequence[Any]", value or ())]
    return [(name, raw if equals else None) for name, equals, raw in texts]


def _scalar(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _expanded(text: str) -> str | None:
    """Return a string with the defaults of its variables; None when it needs the value of one."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        missing = missing or match["default"] is None
        return match["default"] or ""

    expanded = _VARIABLE.sub(value, text.replace("$$", "\0"))
    return None if missing else expanded.replace("\0", "$")


def _words(value: Any) -> str | None:
    """Return a command, empty where there is none; None when it needs the value of a variable."""
    if not isinstance(value, list):
        return _expanded(str(value or ""))
    words = [_expanded(str(each)) for each in cast("list[Any]", value)]
    return None if None in words else shlex.join(word for word in words if word is not None)


def _is_port(text: str | None) -> bool:
    return text is not None and re.fullmatch(r"[0-9]{1,5}", text) is not None and not rules.port.broken_by(int(text))


def _volume(volume: Any) -> tuple[str, str, str]:
    if isinstance(volume, Mapping):
        table = cast("Mapping[str, Any]", volume)
        return str(table.get("type", "volume")), str(table.get("source", "")), str(table.get("target", ""))
    source, separator, rest = str(volume).partition(":")
    if not separator:
        return "volume", "", source
    return ("bind" if source.startswith((".", "/", "~", "$")) else "volume"), source, rest.partition(":")[0]


def _seconds(value: Any) -> float:
    if isinstance(value, int | float):
        return float(value)
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(str(value or "")))
