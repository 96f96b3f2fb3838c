"""Settings that are refused: each with the file, the line, the key, the value, what is allowed and the fix."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from railyard.engine.configuration import read_configuration
from railyard.shared.console import OperationError
from stacks import python_systems
from stacks.problems import SettingsError
from stacks.settings import is_own, parse

ROOT = Path(__file__).parents[2]
STAGING = Path(__file__).with_name("written_out.yaml").read_text()
"""The settings of one stack, hardly anything of which all stacks share."""
SHARED = "config:\n  railyard:seance: {bucket: {region: sfo3}}\n"


def refusal(directory: Path, text: str) -> str:
    """What a user reads when ``Pulumi.staging.yaml`` holds ``text``."""
    file = directory / "Pulumi.staging.yaml"
    file.write_text(text)
    shutil.copy(ROOT / "Pulumi.yaml", directory)
    (directory / "defaults.yaml").write_text(SHARED)
    with pytest.raises((OperationError, SettingsError)) as refused:
        parse(read_configuration(directory, "staging").config, python_systems(), file=file.name, text=text)
    return str(refused.value)


@dataclass(frozen=True)
class Case:
    """A change of the good file, and what must be said about it."""

    kind: str
    old: str
    new: str
    key: str
    allowed: str
    fix: str


CASES = [
    Case("unknown key", "logLevel: debug", "loglevel: debug", "omega.loglevel", "its keys are", "did you mean logLevel?"),
    Case("unknown system", "railyard:netia:", "railyard:nettia:", "railyard:nettia", "its keys are", "did you mean railyard:netia?"),
    Case("unknown key of the provider", "railway:plan:", "railway:plann:", "yaml:3: railway:plann", "its keys are", "did you mean railway:plan?"),
    Case("system in the provider's namespace", "railyard:netia:", "railway:netia:", "railway:netia", "its keys are", "did you mean railyard:netia?"),
    Case("misspelled namespace", "railyard:omega:", "raleyard:omega:", "raleyard:omega", "its keys are", "did you mean railyard:omega?"),
    Case("misspelled namespace of the provider", "railway:plan:", "Raliway:plan:", "yaml:3: Raliway:plan", "its keys are", "did you mean railway:plan?"),
    Case("plan in the systems' namespace", "railway:plan:", "railyard:plan:", "railyard:plan", "its keys are", "did you mean railway:plan?"),
    Case("unknown key without a neighbour", "logLevel: debug", "zzz: 1", "omega.zzz", "no such key", "remove it"),
    Case("missing key", "    commit: a1b2c3d\n", "", "seance.commit", "a value is required", "add commit"),
    Case("missing group", "    authentication: {provider: supabase, supabaseProjectUrl: \"https://omnistack-staging.supabase.co\"}\n", "", "omnistack.authentication", "required", "add authentication"),
    Case("number for a text", "commit: a1b2c3d", "commit: 1234567", "seance.commit = 1234567", "a string", '"1234567" in quotes'),
    Case("text for a number", "sizeGb: 5}", 'sizeGb: "5"}', 'postgres.sizeGb = "5"', "a whole number", "5 without quotes"),
    Case("fraction for a count", "workers: 2", "workers: 2.5", "rose.workers = 2.5", "a whole number", "correct workers"),
    Case("text for a flag", "enableApiDocs: true", 'enableApiDocs: "yes"', "enableApiDocs", "true or false", "correct enableApiDocs"),
    Case("flag in quotes", "enableApiDocs: true", 'enableApiDocs: "true"', "enableApiDocs", "true or false", "write true without quotes"),
    Case("number with a unit", "memoryMb: 1024", "memoryMb: 1GB", 'memoryMb = "1GB"', "a whole number", "correct memoryMb"),
    Case("flag for a text", "      memoryMb: 1024", "      variables: {DEBUG: true}", "variables.DEBUG = true", "a string", 'write "true" in quotes'),
    Case("list for a text", "      memoryMb: 1024", "      startCommand: [a, b]", "web.startCommand", "a string", "correct startCommand"),
    Case("text for an entry of groups", "domains: [{hostname: staging.rose.example}]", "domains: [staging.rose.example]", "web.domains[0]", "a group of keys: hostname, proxied", "correct domains[0]"),
    Case("system without keys", "  railyard:seance:\n", "  railyard:seance:\n  other:keys:\n", "railyard:seance", "a group of keys: project", "write its keys below it"),
    Case("system that is a number", "  railyard:seance:\n", "  railyard:seance: 5\n  other:keys:\n", "railyard:seance = 5", "a group of keys: project", "correct it"),
    Case("name as Python writes it", "logLevel: debug", "log_level: debug", "omega.log_level", "no such key", "did you mean logLevel?"),
    Case("image where the system has a repository", "      repo: rose/rose", "      image: rose:1", "rose.web", "builder and buildCommand belong to a repo", "set to null"),
    Case("user of a registry without an image", "      memoryMb: 1024", "      registryUsername: robot", "rose.web", "registryUsername and its password belong to an image", "remove them"),
    Case("text for a list", "      prefix: staging/", "      cors: {origins: https://staging.seance.dev}", "cors.origins", "a list", "dash"),
    Case("text for a group", "valkey: {sizeGb: 1}", "valkey: small", 'seance.valkey = "small"', "a group of keys", "correct valkey"),
    Case("empty group", "    app: {repo: netia/netia, railwayDomain: true}", "    app:", "netia.app", "a group of keys: image, repo", "write its keys below it"),
    Case("value out of a choice", "logLevel: debug", "logLevel: loud", 'logLevel = "loud"', "'debug', 'info'", "correct logLevel"),
    Case("number too small", "workers: 2", "workers: 0", "rose.workers = 0", "1 or more", "correct workers"),
    Case("number too large", "rateLimitPerMinute: 20", "rateLimitPerMinute: 20000", "= 20000", "10000 or less", "correct rate"),
    Case("pool that is no number", "    app: {repo: netia/netia, ", "    app: {repo: netia/netia, variables: {POOL_SIZE: \" 500\"}, ", "railyard:netia", "the number of connections", "write a number"),
    Case("pool that is too large", "    app: {repo: netia/netia, ", "    app: {repo: netia/netia, variables: {POOL_SIZE: \"10000\"}, ", "railyard:netia", "connections", "POOL_SIZE"),
    Case("folder with a character that no path has", "      memoryMb: 1024", '      rootDirectory: "a\\0b"', "web.rootDirectory", "a folder inside the repository", "correct rootDirectory"),
    Case("folder of Windows", "      memoryMb: 1024", "      rootDirectory: 'C:\\x'", "web.rootDirectory", "with / between names", "correct rootDirectory"),
    Case("health path that leads upwards", "      memoryMb: 1024", "      healthcheckPath: /../x", "web.healthcheckPath", "no # and no ..", "correct healthcheckPath"),
    Case("health path with a fragment", "      memoryMb: 1024", "      healthcheckPath: /a#b", "web.healthcheckPath", "no # and no ..", "correct healthcheckPath"),
    Case("mount path in what the kernel fills", "volume: {sizeGb: 1}", "volume: {sizeGb: 1, mountPath: /proc/x}", "volume.mountPath", "not be below /proc", "correct mountPath"),
    Case("patterns that lead outside", "      memoryMb: 1024", "      watchPatterns: [src/**, ../x]", "web.watchPatterns", "inside the repository", "correct watchPatterns"),
    *(
        Case(f"image at {host}", "valkey: {sizeGb: 1}", f"valkey: {{sizeGb: 1, image: '{host}/x:1'}}", "seance.valkey.image", "a registry that Railway can reach", "correct image")
        for host in ("localhost", "localhost:5000", "127.0.0.1:5000", "10.0.0.5", "registry:5000", "nas.local", "host.docker.internal:80", "REGISTRY")
    ),
    Case("image at a port that is none", "valkey: {sizeGb: 1}", "valkey: {sizeGb: 1, image: 'ghcr.io:99999/x:1'}", "seance.valkey.image", "a port of its registry from 1 to 65535", "correct image"),
    *(
        Case(f"secrets at {path}", "railyard:secrets: secrets/staging.yaml", f"railyard:secrets: {path}", "railyard:secrets", "a path inside the project", "correct secrets")
        for path in ("/etc/passwd", "/run/secrets.yaml", "../secrets.yaml", "secrets/../../x.yaml", "secrets/staging", "/", "'a\\b.yaml'", "5")
    ),
    Case("name of a variable that is none", "      memoryMb: 1024", '      variables: {"A B": x}', "rose.web.variables.A B\n", "letters, digits and underscores", "correct A B"),
    Case("number of 5,000 digits", "workers: 2", f"workers: {'9' * 5000}", f'rose.workers = "{"9" * 59}…\n', "a whole number", "correct workers"),
    Case("key of 900 letters", "logLevel: debug", f"{'k' * 900}: 1", f"omega.{'k' * 60}…\n", "no such key", "remove it"),
    Case("mount path with a character that no path has", "volume: {sizeGb: 1}", 'volume: {sizeGb: 1, mountPath: "/a\\0b"}', "volume.mountPath", "a path that starts with /", "correct mountPath"),
    Case("branch that is none", "      memoryMb: 1024", "      branch: HEAD", "web.branch", "a name that git takes for a branch", "correct branch"),
    Case("reference in the place of a branch", "      memoryMb: 1024", "      branch: refs/heads/main", "web.branch", "a name that git takes for a branch", "correct branch"),
    Case("schedule with a number without end", "      sleepApplication: true", f'      cronSchedule: "{"9" * 5000} * * * *"', "web.cronSchedule", "numbers from 0 to 59", "correct cronSchedule"),
    Case("schedule with a minute that is none", "      sleepApplication: true", '      cronSchedule: "60 * * * *"', 'rose.web.cronSchedule = "60 * * * *"', "as its minute numbers from 0 to 59", "correct cronSchedule"),
    Case("schedule with a step of a single number", "      sleepApplication: true", '      cronSchedule: "0/2 * * * *"', "rose.web.cronSchedule", "steps such as */5", "correct cronSchedule"),
    Case("schedule with a step beyond its range", "      sleepApplication: true", '      cronSchedule: "*/90 * * * *"', "rose.web.cronSchedule", "not beyond their range", "correct cronSchedule"),
    Case("schedule with a step beyond a range of its own", "      sleepApplication: true", '      cronSchedule: "0 8-18/12 * * *"', "rose.web.cronSchedule", "as its hour numbers from 0 to 23", "correct cronSchedule"),
    Case("schedule that never comes", "      sleepApplication: true", '      cronSchedule: "0 0 31 2 *"', "rose.web.cronSchedule", "a day that its months have", "correct cronSchedule"),
    Case("less CPU than Railway sells", "      memoryMb: 1024", "      vcpus: 0.05", "rose.web.vcpus = 0.05", "between 0.1 and 2400", "correct vcpus"),
    Case("updates of what is built", "      memoryMb: 1024", "      autoUpdates: patch", "rose.web", "autoUpdates belongs to an image", "remove it"),
    Case("window that ends before it begins", "      memoryMb: 1024", '      autoUpdateWindows: ["SAT 6-2"]', "rose.web.autoUpdateWindows", "a weekday and its hours in UTC, such as 'SAT 2-6'", "correct autoUpdateWindows"),
    Case("CDN without an address", "    logLevel: debug", "    bot: {railwayDomain: false, cdn: {}}", "omega.bot", "cdn only with a public address", "remove cdn"),
    Case("environments of bots alone", "project: {name: omega-staging, environment: staging}", "project: {name: omega-staging, environment: staging, botPrEnvironments: true}", "omega.project", "botPrEnvironments only with prDeploys", "set that to true"),
    Case("share of more than all", "project: {name: omega-staging, environment: staging}", "project: {name: omega-staging, environment: staging, tracingSampleRate: 2}", "project.tracingSampleRate = 2", "between 0 and 1", "correct tracingSampleRate"),
    Case("hard limit below the soft one", "railway:plan: hobby", "railway:plan: hobby\n  railyard:usageLimit: {softLimitDollars: 50, hardLimitDollars: 20}", "railyard:usageLimit", "not be below softLimitDollars, 50, as 20 is", "raise it, or lower softLimitDollars"),
    Case("hard limit that Railway does not take", "railway:plan: hobby", "railway:plan: hobby\n  railyard:usageLimit: {softLimitDollars: 5, hardLimitDollars: 9}", "usageLimit.hardLimitDollars = 9", "between 10 and", "correct hardLimitDollars"),
    Case("event that is none", "    logLevel: debug", "    alerts: {events: [failed]}", 'alerts.events[0] = "failed"', "such as Deployment.failed", "correct events[0]"),
    Case("alerts of nothing", "    logLevel: debug", "    alerts: {events: []}", "omega.alerts.events", "at least one event", "add or remove one"),
    Case("time limit without a command", "      memoryMb: 1024", "      preDeployTimeoutSeconds: 60", "rose.web", "limits a preDeployCommand, and there is none", "add preDeployCommand"),
    Case("name with capitals", "name: omega-staging", "name: Omega", 'project.name = "Omega"', "lower case", "correct name"),
    Case("address for a host", "hostname: staging.rose.example", "hostname: https://staging.rose.example", "hostname", "without scheme", "correct hostname"),
    Case("commit that is none", "commit: a1b2c3d", "commit: latest", 'commit = "latest"', "hexadecimal", "correct commit"),
    Case("no repository", "repo: rose/rose", "repo: rose", 'web.repo = "rose"', "owner/name", "correct repo"),
    Case("neither image nor repo", "app: {repo: netia/netia, railwayDomain: true}", "app: {railwayDomain: true}", "netia.app", "image or repo must be given", "give one"),
    Case("image and repo", "api: {repo: omnistack/omnistack-backend", "api: {image: api:1, repo: omnistack/omnistack-backend", "omnistack.api", "image and repo exclude each other", "give one"),
    Case("two bots", "    logLevel: debug", "    bot: {replicas: 2}", "omega.bot", "the chat service", "remove replicas"),
    Case("a bot in two regions", "    logLevel: debug", "    bot: {volume: null, regions: {us-west2: 1, us-east4-eqdc4a: 1}}", "omega.bot", "1 replica in one region", "write region in place of regions"),
    Case("replicas with a volume", "      sleepApplication: true", "      replicas: 2", "rose.web", "1 replica with a volume", "set replicas to 1"),
    Case("domain without a port", "valkey: {sizeGb: 1}", "valkey: {sizeGb: 1}\n    signaling: {}", "signaling", "stands twice", "remove one"),
    Case("proxy without an address", "beholder: {domains: [{hostname: beholder-staging.seance.dev, proxied: true}]}", "beholder: {}", "seance.beholder", "only with a public address", "add domains"),
    Case("gateway with a volume", "litellm: {domains", "litellm: {volume: {mountPath: /data}, domains", "seance.litellm", "without a volume", "remove volume"),
    Case("nodes without Redis", "app: {repo: netia/netia,", "app: {repo: netia/netia, replicas: 2,", "railyard:netia", "2 nodes only with Redis", "add redis"),
    Case("Redis for one node", "postgres: {sizeGb: 1}", "postgres: {sizeGb: 1}\n    redis: {}", "railyard:netia", "more than one node", "remove redis"),
    Case("application without an address", "railwayDomain: true}", "railwayDomain: false}", "railyard:netia", "BACKEND_URL", "add app.domains"),
    Case("application with a wildcard alone", "railwayDomain: true}", 'domains: [{hostname: "*.rose.example"}]}', "railyard:netia", "BACKEND_URL", "add app.domains"),
    Case("bot without an address", "    logLevel: debug", "    bot: {port: null, railwayDomain: false}", "railyard:omega", "ARTIFACT_SERVER_URL", "set bot.railwayDomain to true"),
    Case("provider without its address", 'provider: supabase, supabaseProjectUrl: "https://omnistack-staging.supabase.co"', "provider: clerk", "omnistack.authentication", "clerk only with its address", "add clerkIssuerUrl"),
    Case("address of the other provider", "provider: supabase, ", 'provider: supabase, clerkIssuerUrl: "https://a.clerk.accounts.dev", ', "authentication", "without clerkIssuerUrl", "remove clerkIssuerUrl"),
    Case("volume too large for the plan", "postgres: {sizeGb: 5}", "postgres: {sizeGb: 20}", "omnistack.postgres.sizeGb = 20", "the hobby plan allows 5 GB", "lower it"),
    Case("replicas that share too much memory", "api: {repo: omnistack/omnistack-backend, checkSuites: true, replicas: 1}", "api: {repo: omnistack/omnistack-backend, replicas: 2, vcpus: 40, memoryMb: 40000}", "omnistack.api.memoryMb = 40000", "the hobby plan allows 48000 MB of memory for a service, which its 2 replicas share", "lower it"),
    Case("replicas that share too many CPUs", "api: {repo: omnistack/omnistack-backend, checkSuites: true, replicas: 1}", "api: {repo: omnistack/omnistack-backend, replicas: 2, vcpus: 40, memoryMb: 40000}", "omnistack.api.vcpus = 40", "the hobby plan allows 48 vCPUs for a service, which its 2 replicas share", "lower it"),
    Case("third domain on the plan", "domains: [{hostname: staging.rose.example}]", "domains: [{hostname: a.rose.example}, {hostname: b.rose.example}, {hostname: c.rose.example}]", "rose.web.domains = 3", "the hobby plan allows 2", "lower it"),
    Case("zone twice", "  railyard:omega:", '    - {name: seance.dev, id: "5ea9ce0de7000000000000000000d001"}\n  railyard:omega:', "railyard:zones", "each zone once", "remove one"),
    Case("one project for two systems", "name: rose-staging", "name: omega-staging", "rose.project.name", "omega has this one", "name it rose-"),
    Case("secret in clear", "      memoryMb: 1024", "      variables: {GROQ_API_KEY: planted}", "rose.web.variables.GROQ_API_KEY", "no secret in clear", "store that as rose.GROQ_API_KEY in the SOPS file"),
    Case("any origin on staging", "    rateLimitPerMinute: 20", '    allowedOrigins: ["*"]', "railyard:rose", "origins by name outside of development", "name those"),
    Case("unknown plan", "railway:plan: hobby", "railway:plan: hobbyist", 'railway:plan = "hobbyist"', "one of free, trial, hobby, pro", "Railway workspace"),
    Case("name outside of the zones", "hostname: staging.rose.example", "hostname: staging.rose.dev", "hostname", "seance.dev, rose.example", "add its zone"),
    Case("name with a final dot", "hostname: staging.rose.example", "hostname: staging.rose.example.", "hostname", "final dot", "correct hostname"),
    Case("name with other letters", "hostname: staging.rose.example", "hostname: städt.rose.example", "hostname", "xn--", "correct hostname"),
    Case("name that is too long", "hostname: staging.rose.example", f"hostname: {'a.' * 125}rose.example", "hostname", "a full domain name", "correct hostname"),
    Case("id that is none", "905e0000000000000000000000000e04", "rose", 'zones[1].id = "rose"', "32 hexadecimal digits", "overview page"),
    Case("wildcard for a zone", "name: rose.example,", 'name: "*.rose.example",', "zones[1].name", "without a wildcard", "remove *."),
    Case("one id for two zones", "905e0000000000000000000000000e04", "5ea9ce0de7000000000000000000d001", "railyard:zones", "an id of its own", "correct its name or id"),
    Case("second level behind the proxy", "hostname: backend-staging.seance.dev", "hostname: backend.staging.seance.dev", "hostname", "one level below the zone", "backend-staging.seance.dev"),
    Case("wildcard of a second level behind the proxy", "hostname: backend-staging.seance.dev", 'hostname: "*.staging.seance.dev"', "hostname", "one level below the zone", "use *.seance.dev"),
    Case("one domain in two systems", "app: {repo: netia/netia, railwayDomain: true}", "app: {repo: netia/netia, port: 80, domains: [{hostname: staging.seance.dev}]}", "netia.app.domains[0].hostname", "each name once, and seance.landing.domains.0.hostname has it too", "remove one"),
    Case("name of the CDN outside of the zones", "      prefix: staging/", "      cdnDomain: cdn.example.org", "seance.bucket.cdnDomain", "a Cloudflare zone of this stack", "add its zone"),
    Case("name of the CDN twice", "      prefix: staging/", "      cdnDomain: staging.seance.dev", "seance.bucket.cdnDomain", "each name once", "rename it"),
    Case("wildcard for the CDN", "      prefix: staging/", '      cdnDomain: "*.seance.dev"', "seance.bucket", "without a wildcard", "name one host"),
    Case("own name without a CDN", "      prefix: staging/", "      cdn: false\n      cdnDomain: cdn.seance.dev", "seance.bucket", "only with a CDN", "set cdn to true"),
    Case("old versions of a bucket without any", "      prefix: staging/", "      lifecycle: [{noncurrentExpirationDays: 30}]", "seance.bucket", "only with versioning", "set versioning to true"),
    Case("lifecycle rule without an effect", "      prefix: staging/", "      lifecycle: [{prefix: tmp/}]", "seance.bucket.lifecycle[0]", "at least one of expirationDays", "add one"),
    Case("origin with a path", "      prefix: staging/", '      cors: {origins: ["https://seance.dev/app"]}', "cors.origins[0]", "without path", "correct"),
    Case("key version zero", "      prefix: staging/", "      keyVersion: 0", "bucket.keyVersion = 0", "1 or more", "correct"),
    Case("the same domain twice", "domains: [{hostname: staging.rose.example}]", "domains: [{hostname: staging.rose.example}, {hostname: staging.rose.example}]", "rose.web", "each domain once", "remove one"),
    Case("empty text", "      memoryMb: 1024", '      startCommand: ""', 'rose.web.startCommand = ""', "a string that is not empty", "remove the key"),
    Case("text of blanks", "      memoryMb: 1024", '      branch: " "', 'rose.web.branch = " "', "a string that is not empty", "remove the key"),
    Case("volume over the container", "volume: {sizeGb: 1}", "volume: {sizeGb: 1, mountPath: /}", 'volume.mountPath = "/"', "a path below /", "correct mountPath"),
    Case("schedule twice", "volume: {sizeGb: 1}", "volume: {sizeGb: 1, backups: [daily, daily]}", "volume.backups", "each schedule once", "remove one"),
    Case("PORT by hand", "      memoryMb: 1024", '      variables: {PORT: "1"}', "rose.web", "variables without PORT", "remove it"),
    Case("variable name with a space", "      memoryMb: 1024", "      variables: {MY KEY: a}", "MY KEY", "letters, digits and underscores", "correct"),
    Case("no YAML", "config:", "config: [", "Pulumi.staging.yaml:", "is not valid YAML", "Correct that line"),
    Case("config that is a list", "config:\n", "config: [a]\nother:\n", "Pulumi.staging.yaml", "should be a group of keys", "not a list"),
    Case("no config", "config:", "settings:", "Pulumi.staging.yaml", "at least one system of: omega", "add one"),
    Case("no secrets file", "railyard:secrets: secrets/staging.yaml", "railyard:secrets: {}", "railyard:secrets", "a string", "correct secrets"),
    Case("commit that YAML takes for an octal number", "commit: a1b2c3d", "commit: 0123456", "seance.commit = 0123456", "a string", 'write "0123456" in quotes'),
    Case("commit that is no commit in quotes either", "commit: a1b2c3d", "commit: 0755", "seance.commit = 0755", "a git commit of 7 to 40 hexadecimal digits, in quotes", "correct commit"),
    Case("image that is a number", "valkey: {sizeGb: 1}", "valkey: {sizeGb: 1, image: 1.10}", "valkey.image = 1.10", "a Docker image with its tag or digest", "correct image"),
    Case("image of another kind of server", "postgres: {sizeGb: 5}", 'postgres: {sizeGb: 5, image: "mysql:9"}', "omnistack.postgres", "an image of PostgreSQL, and mysql:9 is one of MySQL", "give another image"),
    Case("database with the name of a service", "postgres: {sizeGb: 5}", "postgres: {sizeGb: 5, name: api}", 'omnistack.postgres.name = "api"', "no other service of omnistack has, and api has this one", "give it another name"),
    Case("commit with an exponent", "commit: a1b2c3d", "commit: 12345e7", "seance.commit = 12345e7", "a string", 'write "12345e7" in quotes'),
    Case("tag that YAML takes for a fraction", "      memoryMb: 1024", "      variables: {VERSION: 1.10}", "variables.VERSION = 1.10", "a string", 'write "1.10" in quotes'),
    Case("date for a text", "      memoryMb: 1024", "      variables: {SINCE: 2026-01-02}", "variables.SINCE = 2026-01-02", "YAML takes this for a date", 'write "2026-01-02" in quotes'),
    Case("word that YAML 1.1 takes for a flag", "commit: a1b2c3d", "commit: yes", 'seance.commit = "yes"', "hexadecimal", "correct commit"),
    Case("number in base sixty", "memoryMb: 1024", "memoryMb: 17:04", 'memoryMb = "17:04"', "a whole number", "correct memoryMb"),
    Case("version without quotes", "postgres: {sizeGb: 5}", "postgres: {sizeGb: 5, version: 17}", "postgres.version = 17", "one of '16', '17'", 'write "17" in quotes'),
    Case("key that is a number", "      memoryMb: 1024", "      variables: {A: x, 1: y}", "Pulumi.staging.yaml:49:", "the key 1 is a number", 'write "1" in quotes'),
    Case("key that is a date", "      memoryMb: 1024", "      variables: {2026-01-02: y}", "Pulumi.staging.yaml:49:", "the key 2026-01-02 is a date", "in quotes"),
    Case("binary value", "commit: a1b2c3d", "commit: !!binary aGk=", "Pulumi.staging.yaml:17:", "the tag !!binary", "write the value itself"),
    Case("alias of nothing", "commit: a1b2c3d", "commit: *commit", "Pulumi.staging.yaml:17:", "no anchor &commit", "or write the value"),
    Case("two documents", "  railyard:netia:", "---\nrailyard:netia:", "Pulumi.staging.yaml:37:", "a second document", "keep one"),
    Case("tab", "    commit: a1b2c3d", "\tcommit: a1b2c3d", "Pulumi.staging.yaml:17:", "a tab", "write spaces"),
    Case("variable with NUL", "      memoryMb: 1024", '      variables: {A: "x\\0y"}', "rose.web.variables.A", "without the character NUL", "correct A"),
    Case("encrypted value", "logLevel: debug", "logLevel: {secure: v1:abc}", "railyard:omega", "SOPS", "encrypted"),
    Case("token of the provider in clear", "railway:plan: hobby", "railway:plan: hobby\n  railway:token: planted", "yaml:4: railway:token", "no credential in clear", "pulumi config set --secret railway:token"),
    Case("key of Stripe in clear", "      memoryMb: 1024", "      variables: {PAY: sk_live_abcdefghijk}", "rose.web.variables.PAY", "a key of Stripe", "store that as rose.PAY in the SOPS file"),
    Case("password in an address", "      memoryMb: 1024", '      variables: {DB: "postgres://u:hunter2@db/x"}', "rose.web.variables.DB", "an address with a password", "SOPS file"),
    Case("password by its name", "      memoryMb: 1024", "      variables: {ADMIN_PASSWORD: hunter2}", "rose.web.variables.ADMIN_PASSWORD", "one by its name", "SOPS file"),
    Case("password of digits", "      memoryMb: 1024", "      variables: {ADMIN_PASSWORD: 12345678}", "rose.web.variables.ADMIN_PASSWORD\n", "one by its name", "SOPS file"),
    Case("password in a query", "      memoryMb: 1024", '      variables: {DB: "mysql://root@db/x?password=hunter2"}', "rose.web.variables.DB\n", "an address with a password", "SOPS file"),
    Case("password among keywords", "      memoryMb: 1024", '      variables: {DB: "host=db user=u password=hunter2"}', "rose.web.variables.DB\n", "an address with a password", "SOPS file"),
    Case("key of Stripe as a name", "      memoryMb: 1024", "      variables: {sk_live_abcdefghijk: x}", "rose.web.variables.<credential>\n", "a key of Stripe", "SOPS file"),
    Case("version with a fraction", "postgres: {sizeGb: 5}", "postgres: {sizeGb: 5, version: 16.0}", "postgres.version = 16.0", "one of '16', '17'", 'write "16" in quotes'),
    Case("command with NUL", "      memoryMb: 1024", '      startCommand: "a\\0b"', "rose.web.startCommand", "without the character NUL", "correct startCommand"),
    Case("branch that ends in .lock", "repo: rose/rose", "repo: rose/rose\n      branch: a.lock", 'branch = "a.lock"', "git takes for a branch", "correct branch"),
    Case("branch of an at sign alone", "repo: rose/rose", 'repo: rose/rose\n      branch: "@"', 'branch = "@"', "git takes for a branch", "correct branch"),
    Case("folder outside with backslashes", "repo: rose/rose", "repo: rose/rose\n      rootDirectory: 'a\\..\\..'", "rootDirectory = ", "inside the repository", "correct rootDirectory"),
    Case("token in a command", "      memoryMb: 1024", "      startCommand: run --token ghp_0123456789abcdefghijABCDEFGHIJ012345", "rose.web.startCommand", "a token of GitHub", "SOPS file"),
    Case("repository outside", "repo: rose/rose", "repo: ../netia", 'web.repo = "../netia"', "owner/name", "correct repo"),
    Case("repository with its suffix", "repo: rose/rose", "repo: rose/rose.git", 'web.repo = "rose/rose.git"', "owner/name", "correct repo"),
    Case("folder outside", "repo: rose/rose", "repo: rose/rose\n      rootDirectory: ../..", 'rootDirectory = "../.."', "inside the repository", "correct rootDirectory"),
    Case("Dockerfile outside", "app: {repo: netia/netia,", "app: {repo: netia/netia, dockerfilePath: ../Dockerfile,", "netia.app.dockerfilePath", "inside the repository", "correct dockerfilePath"),
    Case("branch with a space", "repo: rose/rose", "repo: rose/rose\n      branch: a b", 'branch = "a b"', "a name that git takes", "correct branch"),
    Case("branch of dots", "repo: rose/rose", "repo: rose/rose\n      branch: ..", 'branch = ".."', "a name that git takes", "correct branch"),
    Case("volume outside", "volume: {sizeGb: 1}", "volume: {sizeGb: 1, mountPath: /../etc}", 'mountPath = "/../etc"', "without ..", "correct mountPath"),
    Case("health check elsewhere", "repo: rose/rose", "repo: rose/rose\n      healthcheckPath: //evil.example/x", "healthcheckPath", "starts with one /", "correct healthcheckPath"),
    Case("image without a tag", "valkey: {sizeGb: 1}", "valkey: {sizeGb: 1, image: valkey/valkey}", 'valkey.image = "valkey/valkey"', "with its tag or digest", "correct image"),
    Case("builder beside a Dockerfile", "app: {repo: netia/netia,", "app: {repo: netia/netia, builder: NIXPACKS,", "netia.app", "builder must be DOCKERFILE", "remove one"),
    Case("restart policy of a job", "      sleepApplication: true\n      memoryMb: 1024", "      cronSchedule: 0 3 * * *\n      restartPolicyType: ALWAYS", "rose.web", "restartPolicyType must be NEVER", "remove it"),
    Case("endless restarts on a small plan", "railway:plan: hobby", "railway:plan: trial", "railyard:rose", "the trial plan allows", "lower it"),
    Case("volume on a plan without a whole gigabyte", "railway:plan: hobby", "railway:plan: trial", "omnistack.postgres.sizeGb = 5", "the trial plan allows 0.5 GB for a volume", "fix: move to a plan that allows more"),
    Case("private registry on hobby", "api: {repo: omnistack/omnistack-backend, checkSuites: true, replicas: 1}", "api: {image: a/b:1, builder: null, dockerfilePath: null, registryUsername: robot}", "omnistack.api.registryUsername", "the hobby plan allows images of public registries alone", "move to a plan"),
    Case("more workers than memory", "workers: 2", "workers: 32", "railyard:rose", "at most 5 workers in 1024 MB", "raise web.memoryMb to 6400"),
    Case("more workers than CPUs", "      memoryMb: 1024", "      vcpus: 0.4", "railyard:rose", "at most 1 workers on 0.4 vCPUs", "raise web.vcpus"),
    Case("more connections than the database has", "api: {repo: omnistack/omnistack-backend, checkSuites: true, replicas: 1}", "api: {repo: omnistack/omnistack-backend, checkSuites: true, replicas: 6}", "railyard:omnistack", "7 instances with 20 each take 140", "dbPoolSize to 13"),
    Case("not a number", "      memoryMb: 1024", "      vcpus: .nan", "vcpus = .nan", "a number", "correct vcpus"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_bad_settings_are_refused_with_key_allowed_values_and_fix(tmp_path: Path, case: Case) -> None:
    """Every kind of mistake names the file, the key, what is allowed and what to do."""
    assert case.old in STAGING
    text = STAGING.replace(case.old, case.new, 1)

    said = refusal(tmp_path, text)

    assert [part for part in ("Pulumi.staging.yaml", case.key, case.allowed, case.fix) if part not in said] == []


FORGED = '"x\\n::error::forged\\e[31m\\u202e"'
"""A key in YAML with which a stranger would write a line of his own into the log of a CI, in red and backwards."""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("logLevel: debug", f"{FORGED}: 1"),
        ("railyard:netia:", f"{FORGED.replace('x', 'railyard:x')}:"),
        ("railyard:netia:", f"{FORGED.replace('x', 'railway:x')}:"),
        ("      memoryMb: 1024", f"      variables: {{{FORGED}: a}}"),
        ("logLevel: debug", f"logLevel: {FORGED}"),
        ("logLevel: debug", f"logLevel: debug\n    {FORGED}: 1\n    {FORGED}: 2"),
        ("railyard:netia:", f"{FORGED.replace('x', 'railyard:x')}: {{secure: abc}}\n  railyard:netia:"),
    ],
)
def test_a_name_forges_no_line_of_a_log(tmp_path: Path, old: str, new: str) -> None:
    """It stands on the line of its mistake, with what a terminal would act upon spelled out."""
    said = refusal(tmp_path, STAGING.replace(old, new, 1))

    assert r"\n::error::forged\x1b[31m\u202e" in said.replace(r"\u001b", r"\x1b")
    assert all(each.isprintable() for line in said.split("\n") for each in line)


@pytest.mark.parametrize("package", ["aws", "scaleway", "rails", "digitalocean", "render", "railgun", "gateway"])
def test_keys_of_other_packages_are_not_judged(package: str) -> None:
    """Also where their names look a little like ours."""
    assert not is_own(f"{package}:region")


def test_the_value_of_an_unknown_key_is_not_told() -> None:
    """It may be a token: a program gets the values of secret configuration in clear."""
    with pytest.raises(SettingsError) as refused:
        parse({"railway:tokn": "planted", "railyard:tokn": "planted"}, python_systems(), file="Pulumi.staging.yaml")

    assert "did you mean railway:token?" in str(refused.value)
    assert "planted" not in str(refused.value)


@pytest.mark.parametrize("place", ["railyard:promotesFrom: {}", "railway:plan: {}", "railyard:{}: 1", "railway:{}: x"])
def test_a_credential_is_not_told_as_a_part_either(tmp_path: Path, place: str) -> None:
    """A value or a key that is cut for a message is masked before, whatever it stands in."""
    token = f"{'M' + 'a1' * 12}.Gabcde.{'x9' * 19}"
    line = next(each for each in STAGING.splitlines() if each.strip().startswith("railway:plan:"))

    said = refusal(tmp_path, STAGING.replace(line, f"  {place.format(token)}"))

    assert "<credential>" in said
    assert token[:20] not in said


def test_all_problems_are_reported_in_one_go(tmp_path: Path) -> None:
    """Three mistakes in three systems are one report of three problems, each with its line."""
    text = STAGING.replace("logLevel: debug", "logLevel: loud").replace("workers: 2", "workers: 0")
    text = text.replace("commit: a1b2c3d", "commit: latest")

    said = refusal(tmp_path, text)

    assert said.startswith("Pulumi.staging.yaml has 3 problems:")
    assert f"Pulumi.staging.yaml:{_line(text, 'logLevel: loud')}: railyard:omega.logLevel" in said
    assert f"Pulumi.staging.yaml:{_line(text, 'workers: 0')}: railyard:rose.workers" in said
    assert f"Pulumi.staging.yaml:{_line(text, 'commit: latest')}: railyard:seance.commit" in said


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_the_stacks_of_the_repository_are_accepted(stack: str) -> None:
    """Both settings files hold all five systems and nothing that is refused."""
    file = ROOT / f"Pulumi.{stack}.yaml"

    settings = parse(read_configuration(ROOT, stack).config, python_systems(), file=file.name, text=file.read_text())

    assert [system.NAME for system in python_systems()] == list(settings.systems)


def test_a_system_that_is_absent_is_not_deployed(tmp_path: Path) -> None:
    """Without its key a system has no settings, and nothing else changes."""
    text = STAGING[: STAGING.index("  railyard:rose:")]
    (tmp_path / "Pulumi.staging.yaml").write_text(text)
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copy(ROOT / "defaults.yaml", tmp_path)

    settings = parse(read_configuration(tmp_path, "staging").config, python_systems(), file="Pulumi.staging.yaml")

    assert list(settings.systems) == ["omega", "seance", "omnistack", "netia"]


def _line(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_a_file_with_thousands_of_mistakes_is_told_in_short() -> None:
    """The number of all mistakes, the first of them, and no more lines than somebody reads."""
    config = {"railyard:omega": {"project": {"name": "a", "environment": "b"}, **dict.fromkeys(map(str, range(3000)))}}
    with pytest.raises(SettingsError) as refused:
        parse(config, python_systems(), file="Pulumi.staging.yaml")
    said = str(refused.value).splitlines()
    assert said[0] == "Pulumi.staging.yaml has 3,000 problems:"
    assert said[-1] == "  and 2,950 more problems: fix these first"
    assert len(said) == 2 + 3 * 50
