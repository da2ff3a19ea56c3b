package config_test

import (
	"reflect"
	"testing"
)

// app is the entry of a good app with one more line, the tenth of the file.
func app(line string) string { return head + web + "  " + line + "\n" }

// many is the like for an entry with paths, and its ninth line.
func many(line string) string { return head + "- paths: apps/*\n  repository: shop\n  " + line + "\n" }

// repository is the like for a repository, and its sixth line.
func repository(line string) string {
	return "apiVersion: lockstep.dev/v1alpha1\nkind: Config\nrepositories:\n- name: shop\n  url: .\n  " + line + "\napps: []\n"
}

// address is a repository with a URL in its fifth line.
func address(url string) string {
	return "apiVersion: lockstep.dev/v1alpha1\nkind: Config\nrepositories:\n- name: shop\n  url: " + url + "\napps: []\n"
}

// badEntries are configs with an entry that is refused, and what is said of it.
var badEntries = map[string]string{
	app("replicas: 3"):                              `10: app "web": unknown field "replicas"`,
	app("Prune: true"):                              `10: app "web": unknown field "Prune"`,
	app("gate: {retries: 3}"):                       `10: app "web": unknown field "gate.retries"`,
	app("gate.timeout: 5m"):                         `10: app "web": unknown field "gate.timeout"`,
	app("https://a:b@c: 5m"):                        `10: app "web": unknown field`,
	app("5: 5m"):                                    `10: app "web": a key that is no text; quote it, and do not merge with <<`,
	app("<<: {prune: true}"):                        `10: app "web": a key that is no text; quote it, and do not merge with <<`,
	app("[a]: 5m"):                                  `10: app "web": a key that is no text; quote it, and do not merge with <<`,
	app("path: b"):                                  `10: app "web": duplicate key "path", first on line 9`,
	app("gate: {timeout: 1s, timeout: 1s}"):         `10: app "web": duplicate key "gate.timeout", first on line 10`,
	app("vars: {A: 1, A: 2}"):                       `10: app "web": duplicate key "vars.A", first on line 10`,
	app("namespace: 5"):                             `10: app "web": namespace: want a text, this is a number`,
	app("namespace: null"):                          `10: app "web": namespace: want a text, this is null`,
	app("namespace: !team a"):                       `10: app "web": namespace: want a text, this is a value with a tag (!name)`,
	app("namespace: A"):                             `10: app "web": namespace: not a namespace's name "A"`,
	app("namespace: \"${APP}\""):                    `10: app "web": namespace: ${APP} goes with paths, not with path`,
	app("serviceAccount: a/b/c"):                    `10: app "web": serviceAccount: not a ServiceAccount "a/b/c": want name or namespace/name`,
	app("serviceAccount: a/"):                       `10: app "web": serviceAccount: not a ServiceAccount "a/": want name or namespace/name`,
	app("prune: yes"):                               `10: app "web": prune: want true or false, this is a text`,
	app("prune: !!bool maybe"):                      `10: app "web": prune: want true or false, this is a boolean`,
	app("suspend: 1"):                               `10: app "web": suspend: want true or false, this is a number`,
	app("allowPrune: -1"):                           `10: app "web": allowPrune: want a whole number, 0 or more`,
	app("allowPrune: 1e3"):                          `10: app "web": allowPrune: want a whole number, this is a number`,
	app("allowPrune: true"):                         `10: app "web": allowPrune: want a whole number, this is a boolean`,
	app("allowPrune: 99999999999999999999"):         `10: app "web": allowPrune: want a whole number, this is a number`,
	app("conflicts: steal"):                         `10: app "web": conflicts: not known "steal": want report or force`,
	app("drift: ignore"):                            `10: app "web": drift: not known "ignore": want correct or detect`,
	app("dependsOn: db"):                            `10: app "web": dependsOn: want a list of names, this is a text`,
	app("dependsOn: [5]"):                           `10: app "web": dependsOn: want a text, this is a number`,
	app("dependsOn: [db]"):                          `10: app "web": dependsOn: there is no app of the name "db"`,
	app("dependsOn: [A]"):                           `10: app "web": dependsOn: not a name "A": want lower case letters, digits and dashes, at most 53`,
	app("dependsOn: [web]"):                         `10: app "web": dependsOn: a cycle: web → web`,
	app("gate: 5m"):                                 `10: app "web": gate: want a map, this is a text`,
	app("gate: {timeout: 0s}"):                      `10: app "web": gate.timeout: 0s: want between 1s and 24h0m0s`,
	app("gate: {probe: 80}"):                        `10: app "web": gate.probe: want a text, this is a number`,
	app("gate: {probe: {url: x}}"):                  `10: app "web": gate.probe: want a text, this is a map`,
	app("gate: {probe: web-service}"):               `10: app "web": gate.probe: want http:// or https:// and the name of a Service`,
	app("gate: {probe: 'http://a:hunter2@web/'}"):   `10: app "web": gate.probe: a user or a password does not belong there, and is not sent`,
	app("gate: {probe: 'http://169.254.169.254/'}"): `10: app "web": gate.probe: want the name of a Service as the host, not an address`,
	app("gate:\n    probe:\n    - http://web\n    - 'http://web:80/'\n    - http://web:0/"): `13: app "web": gate.probe: http://web:80/ is there twice
14: app "web": gate.probe: want a port between 1 and 65535`,
	app("health: {kind: Widget}"): `10: app "web": health: want a list, this is a map`,
	app("health: [Widget]"):       `10: app "web": health: want a map, this is a text`,
	app("health:\n  - apiVersion: example.com/v1\n    kind: Widget\n    current: >-\n      statis.phase == 'Ready'"):        `13: app "web": health.current: column 1: undeclared reference to 'statis'`,
	app("health:\n  - apiVersion: example.com/v1\n    kind: Widget\n    ready: 'true'"):                                     `13: app "web": unknown field "health.ready"`,
	app("health:\n  - {apiVersion: v1, kind: Secret, current: 'true'}"):                                                     `11: app "web": health.kind: Secret takes no rule: it is judged by what it runs, or may tell a secret`,
	app("health:\n  - {apiVersion: v1, kind: Gadget}"):                                                                      `11: app "web": health.current: missing; a rule wants one of current, failed and inProgress`,
	app("health:\n  - {apiVersion: v1, kind: Gadget, current: 1 + 1 == 2, message: 7}"):                                     `11: app "web": health.message: want a text, this is a number`,
	app("health:\n  - {apiVersion: v1, kind: Gadget, current: 'true'}\n  - {apiVersion: v1, kind: Gadget, failed: 'true'}"): `12: app "web": health.kind: there is a rule for Gadget already`,

	app("onFailure: retry"): `10: app "web": onFailure: not known "retry": want hold or rollback`,
	app("vars: [a]"):        `10: app "web": vars: want a map, this is a list`,
	app("vars: {a-b: c}"):   `10: app "web": vars: not the name of a variable "a-b": want letters, digits and _`,
	app("vars: {A: [b]}"):   `10: app "web": vars.A: want a text; quote it, this is a list`,
	app("vars: {A: null}"):  `10: app "web": vars.A: want a text; quote it, this is null`,
	app("paths: apps/*"):    `10: app "web": path and paths are both there; want one of them`,
	app("namePrefix: a-"):   `10: app "web": namePrefix: goes with paths, not with path`,

	many("name: web"):              `9: app "web": name: with paths, each app is named after its folder; want namePrefix or nothing`,
	many("namePrefix: A-"):         `9: app "apps/*": namePrefix: not the beginning of a name "A-": want lower case letters, digits and dashes, at most 53`,
	many("namespace: \"${APP}_\""): `9: app "apps/*": namespace: not a namespace's name "${APP}_"`,
	many("dependsOn: [web]"):       `9: app "apps/*": dependsOn: a cycle: apps/* → apps/*`,

	head + "- {paths: apps, repository: shop}\n":            `7: app "apps": paths: not a pattern "apps": want one as apps/*, or path for a single folder`,
	head + "- {paths: 'apps/[', repository: shop}\n":        `7: app "apps/[": paths: not a pattern "apps/[": want one as apps/*, or path for a single folder`,
	head + "- {paths: apps/**, repository: shop}\n":         `7: app "apps/**": paths: ** is not supported: one * is the name of one folder`,
	head + "- {paths: ../*, repository: shop}\n":            `7: app "../*": paths: leaves the repository "../*": want a folder below its root`,
	head + "- {name: a, path: ../x, repository: shop}\n":    `7: app "a": path: leaves the repository "../x": want a folder below its root`,
	head + "- {name: a, path: a/../.., repository: shop}\n": `7: app "a": path: leaves the repository "a/../..": want a folder below its root`,
	head + "- {name: a, path: /x, repository: shop}\n":      `7: app "a": path: leaves the repository "/x": want a folder below its root`,
	head + "- {name: a, path: '', repository: shop}\n":      `7: app "a": path: empty; write . for all of the repository`,
	head + "- {name: a, path: 'a\\b', repository: shop}\n":  `7: app "a": path: want a folder with / between its parts`,
	head + "- {name: a, repository: shop}\n":                `7: app "a": path: missing; write . for all of the repository, or paths for an app for each folder`,
	head + "- {name: a, path: a}\n":                         `7: app "a": repository: missing`,
	head + "- {repository: shop, path: a}\n":                `7: app 1: name: missing`,
	head + "- {name: A, repository: shop, path: a}\n":       `7: app 1: name: not a name "A": want lower case letters, digits and dashes, at most 53`,
	head + "- {name: a, repository: ship, path: a}\n":       `7: app "a": repository: there is none of the name "ship"`,
	head + "- [a]\n": `7: app 1: want a map, this is a list`,
	head + "-\n":     `7: app 1: want a map, this is null`,

	repository("interval: 0s"):                         `6: repository "shop": interval: 0s: want between 1s and 24h0m0s`,
	repository("interval: -1s"):                        `6: repository "shop": interval: -1s: want between 1s and 24h0m0s`,
	repository("interval: 9999h"):                      `6: repository "shop": interval: 9999h0m0s: want between 1s and 24h0m0s`,
	repository("timeout: 0s"):                          `6: repository "shop": timeout: 0s: want between 1s and 5m0s`,
	repository("timeout: 1h"):                          `6: repository "shop": timeout: 1h0m0s: want between 1s and 5m0s`,
	repository("interval: 30"):                         `6: repository "shop": interval: want a duration with a unit, as 30s, this is a number`,
	repository("interval: soon"):                       `6: repository "shop": interval: not a duration "soon": want a number with a unit, as 30s`,
	repository("ref: main"):                            `6: repository "shop": ref: want a map, this is a text`,
	repository("ref: {branch: a..b}"):                  `6: repository "shop": ref.branch: branch "a..b" is not a valid name`,
	repository("ref: {branch: ''}"):                    `6: repository "shop": ref.branch: not a valid name of a branch`,
	repository("ref: {branch: 'a:b@c'}"):               `6: repository "shop": ref.branch: not a valid name of a branch`,
	repository("credentials: {dir: /etc}"):             `6: repository "shop": credentials.dir: a folder takes neither credentials nor a proxy`,
	repository("ref: {tag: refs/tags/v1}"):             `6: repository "shop": ref.tag: tag "refs/tags/v1": give the tag's name alone, without refs/tags/`,
	repository("ref: {semver: latest}"):                `6: repository "shop": ref.semver: version range "latest" is not one: want one as >=1.2 <2, or ~1.4`,
	repository("ref: {semver: 1.2}"):                   `6: repository "shop": ref.semver: want a text, this is a number`,
	repository("ref: {name: refs/heads/../../config}"): `6: repository "shop": ref.name: ref "refs/heads/../../config" is not a whole and valid name, as refs/pull/420/head`,
	repository("ref: {commit: abc}"):                   `6: repository "shop": ref.commit: commit "abc" is not a hash of 40 hexadecimal digits`,
	repository("ref: {tag: v1, semver: '>=1'}"):        `4: repository "shop": ref: want one of branch, tag, semver, name and commit`,
	repository("ref: {branch: main, tag: v1}"):         `4: repository "shop": ref: want one of branch, tag, semver, name and commit`,
	repository("verify: {signatures: required}"):       `6: repository "shop": verify.keys: missing; want the folder of the keys that may sign`,
	repository("verify: {keys: keys}"):                 `6: repository "shop": verify.signatures: want required: with none the keys are for nothing`,
	repository("verify: {signatures: wanted}"):         `6: repository "shop": verify.signatures: not known "wanted": want none or required`,
	repository("credentials: /etc"):                    `6: repository "shop": credentials: want a map, this is a text`,
	repository("credentials: {dir: [/etc]}"):           `6: repository "shop": credentials.dir: want a text, this is a list`,
	repository("credentials: {dir: \"/etc\\u0007\"}"):  `6: repository "shop": credentials.dir: not a path: it holds control characters`,
	repository("credentials: {password: hunter2}"):     `6: repository "shop": unknown field "credentials.password"`,
	repository("proxy: http://proxy.example.com:3128"): `6: repository "shop": proxy: a folder takes neither credentials nor a proxy`,

	address("http://git.example.com/a\n  credentials: {dir: /etc}"):                     `6: repository "shop": credentials.dir: credentials are not sent over http://, where anybody can read them: use https://`,
	address("https://git.example.com/a\n  proxy: http://ada:hunter2@proxy.example.com"): `6: repository "shop": proxy: proxy holds a user or a password: credentials do not belong into a URL`,
	address("git@git.example.com:a.git"):                                                `5: repository "shop": url: ssh needs credentials: a folder with identity and known_hosts`,
	address("git.example.com:a.git"):                                                    `5: repository "shop": url: repository address host:path names no user: write git@host:path for ssh, or ./ before a folder's name`,

	repository("webhook: github"):                           `6: repository "shop": webhook: want a map, this is a text`,
	repository("webhook: {provider: github}"):               `6: repository "shop": webhook.secretFile: missing; a webhook has to be signed`,
	repository("webhook: {secretFile: a}"):                  `6: repository "shop": webhook.provider: missing`,
	repository("webhook: {secret: hunter2}"):                `6: repository "shop": unknown field "webhook.secret"`,
	repository("webhook: {provider: svn, secretFile: a}"):   `6: repository "shop": webhook.provider: not known "svn": want azure or bitbucket or bitbucket-server or forgejo or generic or gitea or github or gitlab or gogs`,
	repository("webhook: {provider: gitea, secretFile: a}"): `6: repository "shop": webhook: goes with a remote; a folder's files are watched`,
	repository("branch: main"):                              `6: repository "shop": unknown field "branch"`,

	address("[a]"): `5: repository "shop": url: want a text, this is a list`,
	address("https://ada:hunter2@git.example.com/a"): `5: repository "shop": url: repository address holds a user or a password: credentials do not belong into a URL`,
	address("http://ada:hunter2@git.example.com/a"):  `5: repository "shop": url: repository address holds a user or a password: credentials do not belong into a URL`,
	address("file:///a"):                             `5: repository "shop": url: file:// is not supported: give the folder itself`,
	address("ext::sh -c x"):                          `5: repository "shop": url: repository address names a remote helper (name::...): use https:// or a folder`,
	address("ssh://-oProxyCommand=x/"):               `5: repository "shop": url: repository address has no valid host`,
	address("https://git.example.com:99999/a"):       `5: repository "shop": url: port is not a number below 65536`,

	address("''"): `5: repository "shop": url: repository is empty: give a URL or a folder`,
}

func TestABadEntryIsRefusedWithItsLine(t *testing.T) {
	for text, want := range badEntries {
		if got := said(parse(t, text)); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestAllThatIsWrongWithAnEntryIsTold(t *testing.T) {
	c := parse(t, app("prune: no\n  drift: x\n  size: 1"))
	want := `10: app "web": prune: want true or false, this is a text
11: app "web": drift: not known "x": want correct or detect
12: app "web": unknown field "size"`
	if got := said(c); got != want {
		t.Errorf("got %s", got)
	}
}

func TestABadEntryStopsOnlyItself(t *testing.T) {
	c := parse(t, head+"- {name: bad, repository: shop, path: ../x}\n"+web+"- {name: worse}\n- {name: api, repository: shop, path: .}\n")
	if len(c.Apps) != 2 || c.Apps[0].Name != "web" || c.Apps[1].Name != "api" || len(c.Repositories) != 1 {
		t.Errorf("%+v", c)
	}
	if want := []string{"bad", "worse"}; !reflect.DeepEqual(c.Refused, want) {
		t.Errorf("refused %q", c.Refused)
	}
}
