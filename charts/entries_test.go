package charts

import "strings"

// judgements are texts of each kind of entry that are right, and that are wrong.
var judgements = []struct {
	kind         string
	right, wrong []string
}{
	{"repositories", []string{
		"interval: 1s", "interval: 90s", "interval: 1m30s", "interval: 1.5h", "interval: 24h", "interval: 23h59m59s",
		"timeout: 1s", "timeout: 90s", "timeout: 4m59s", "timeout: 5m", "proxy: 'http://proxy:3128'", "proxy: 'socks5h://[2001:db8::1]:1080'",
		"ref: {}", "ref: {branch: release/1.2}", "ref: {tag: v1.2.0}", "ref: {semver: '>=1.2 <2'}", "ref: {semver: '~1.4 || 3.x'}",
		"ref: {semver: '>=1.2.0-0, <2.0.0-rc.1'}", "ref: {semver: '1.2 - 1.4'}", "ref: {semver: '*'}", "ref: {name: refs/pull/420/head}",
		"ref: {commit: " + strings.Repeat("a1", 20) + "}", "ref: {branch: a/-b}",
		"verify: {signatures: none}", "verify: {signatures: required, keys: /etc/lockstep/keys/shop}", "verify: {}",
		"webhook: {provider: github, secretFile: /etc/lockstep/webhooks/shop/secret}", "credentials: {dir: /etc/lockstep/credentials/shop}", "credentials: {}",
		"url: 'https://git.example.com:8443/a%20b/_git/c'", "url: 'http://198.51.100.10:3000/shop.git'", "url: 'https://[2001:db8::1]/a.git'",
		"url: 'ssh://git@git.example.com:2222/team/shop.git', credentials: {dir: a}", "url: 'git@git.example.com:~team/shop.git', credentials: {dir: a}",
		"url: 'ssh://deploy+ci@git.example.com/shop', credentials: {dir: a}", "url: 'https://git.example.com:65535/a'",
	}, []string{
		"surprise: 1", "name: Shop", "name: ''", "name: " + strings.Repeat("a", 54), "name: -a", "name: 1.2",
		"interval: 0s", "interval: -1s", "interval: 9999h", "interval: 25h", "interval: 24h1m", "interval: 500ms", "interval: 30", "interval: 1d", "interval: ''",
		"interval: half", "timeout: 0s", "timeout: 6m", "timeout: 5m1s", "timeout: 301s", "timeout: 1h", "timeout: 30",
		"proxy: 'ftp://proxy'", "proxy: 'http://ada:secret@proxy'", "proxy: 'proxy:3128'", "proxy: 'http://proxy:65536'", "proxy: 'http://proxy/path'",
		"ref: {branch: a, tag: b}", "ref: {surprise: a}", "ref: {branch: ''}", "ref: {branch: refs/heads/main}", "ref: {branch: ../../config}", "ref: {branch: a..b}",
		"ref: {branch: 'a b'}", "ref: {branch: -a}", "ref: {branch: a.lock}", "ref: {branch: 'a~1'}", "ref: {branch: /a}", "ref: {tag: refs/tags/a}", "ref: {tag: 1.2}",
		"ref: {semver: newest}", "ref: {semver: '>'}", "ref: {semver: '>1 - <2'}", "ref: {semver: 1.2.3-01}", "ref: {name: main}", "ref: {name: refs/heads/../../config}",
		"ref: {name: refs/}", "ref: {commit: abc}", "ref: {commit: " + strings.Repeat("a1", 32) + "}", "ref: {commit: '" + strings.Repeat("0", 40) + "'}", "ref: main",
		"verify: {signatures: required}", "verify: {keys: a}", "verify: {signatures: some}", "verify: {surprise: a}",
		"webhook: {provider: github}", "webhook: {secretFile: a}", "webhook: {provider: sourcehut, secretFile: a}", "webhook: {surprise: a}",
		"credentials: {surprise: a}", "credentials: a", "url: 'http://git.example.com/a', credentials: {dir: a}", "url: 'ssh://git@git.example.com/a'",
		"url: ''", "url: 'file:///srv/a'", "url: 'ext::sh -c id'", "url: 'git://git.example.com/a'", "url: 'https://ada:secret@git.example.com/a'",
		"url: 'https://git.example.com/a?b=c'", "url: 'https://git.example.com/a#b'", "url: 'https://'", "url: 'https:///a'", "url: 'https://git.example.com:65536/a'",
		"url: 'https://git.example.com:port/a'", "url: 'https://git.example.com/%zz'", "url: 'https://-o/a'", "url: 'https:/git.example.com/a'",
		"url: 'ssh://-oProxyCommand=x/', credentials: {dir: a}", "url: 'ssh://git.example.com/a', credentials: {dir: a}", "url: 'git.example.com:a', credentials: {dir: a}",
		"url: 'ssh://git:secret@git.example.com/a', credentials: {dir: a}", "url: 'ssh://git@git.example.com', credentials: {dir: a}",
		"url: 'git:secret@git.example.com:a', credentials: {dir: a}", "url: 'git@git.example.com:-a', credentials: {dir: a}", "url: \"https://a\\n.example.com/a\"", "url: 1",
	}},
	{"apps", []string{
		"name: a", "name: 1-2", "name: " + strings.Repeat("a", 53), "path: .", "path: ./a/b", "path: a b", "namespace: shop",
		"paths: apps/*, namespace: 'shop-${APP}', namePrefix: x-", "paths: '[ab]?/c*'", "paths: 'a*', namePrefix: ''",
		"serviceAccount: team", "serviceAccount: shop/team.a", "serviceAccount: ''", "prune: false", "allowPrune: 0", "allowPrune: 1000",
		"conflicts: force", "drift: detect", "dependsOn: []", "gate: {}", "gate: {timeout: 90s}", "gate: {probe: ''}", "gate: {probe: 'http://web'}",
		"gate: {probe: ['http://web.shop.svc.cluster.local:http/a?b=c', 'https://web:8443/%20']}",
		"health: []", "health: [{apiVersion: example.com/v1, kind: Thing, current: 'has(status.ready)', message: status.message}]", "health: [{apiVersion: 'example.com/*', kind: Thing, failed: 'true'}]",
		"onFailure: rollback", "suspend: true", "vars: {}", "vars: {A: '1.10', _b2: ''}",
	}, []string{
		"surprise: 1", "name: Web", "name: a.b", "name: " + strings.Repeat("a", 54), "repository: Shop", "path: ''", "path: /etc", "path: ../a", "path: a/../../b", "path: ..",
		"path: 'a\\b'", "path: 1", "namespace: Shop", "namespace: ''", "namespace: 'a-${APP}'", "namespace: a.b", "namespace: " + strings.Repeat("a", 64),
		"paths: apps", "paths: '**'", "paths: '[a'", "paths: '[-a]'", "paths: ../*", "paths: '*', name: a, path: b", "namePrefix: x-", "paths: '*', namePrefix: X", "paths: '*', namespace: 'A${APP}'",
		"serviceAccount: Team", "serviceAccount: a/b/c", "serviceAccount: a..b", "serviceAccount: a.b/c", "serviceAccount: /a", "prune: 1", "prune: 'true'", "allowPrune: -1", "allowPrune: 1.5", "allowPrune: '1'",
		"conflicts: ignore", "drift: ignore", "dependsOn: web", "dependsOn: [Web]", "dependsOn: [db, db]", "gate: {timeout: 0s}", "gate: {timeout: 25h}", "gate: {timeout: 5}", "gate: {surprise: 1}", "gate: 5m",
		"gate: {probe: 'http://10.0.0.1/'}", "gate: {probe: 'ftp://web'}", "gate: {probe: 'http://ada:secret@web'}", "gate: {probe: 'http://web:65536'}", "gate: {probe: 'http://web:0'}",
		"gate: {probe: 'http://web/../a'}", "gate: {probe: 'http://web/a#b'}", "gate: {probe: 'http://web.shop.cluster'}", "gate: {probe: ['http://web', 'http://web']}", "gate: {probe: 1}",
		"health: {}", "health: [{apiVersion: v1, kind: Thing}]", "health: [{kind: Thing, current: 'true'}]", "health: [{apiVersion: v1, current: 'true'}]", "health: [{apiVersion: example.com, kind: a/b, current: 'true'}]",
		"health: [{apiVersion: v1, kind: Thing, current: 'true', surprise: a}]", "onFailure: ignore", "suspend: 'false'", "vars: {A: [b]}", "vars: {1a: b}", "vars: {a-b: c}", "vars: a",
	}},
	{"notifications", []string{
		"type: slack, urlFile: /etc/lockstep/notifications/slack/url", "type: teams, urlFile: a, apps: ['shop-*'], on: [Failed, ImagePull], template: 'app {{.App}}'",
		"type: webhook, url: 'http://bus.tools:8080/in?a=b', secretFile: a", "type: webhook, urlFile: a", "type: webhook, url: 'https://bus.example.com', caFile: a",
		"type: github, tokenFile: a, link: 'https://status.example.com/'", "type: github, tokenFile: a, url: 'https://github.example.com/api/v3'", "type: azure, tokenFile: a, cluster: eu-1",
		"type: gitea, tokenFile: a, url: 'https://gitea.example.com', caFile: a", "type: bitbucket-server, tokenFile: a, url: 'https://b.example.com'",
	}, []string{
		"surprise: a, type: slack, urlFile: a", "type: pager", "urlFile: a", "type: slack", "type: slack, url: 'https://hooks.example.com/secret'", "type: slack, urlFile: a, tokenFile: b", "type: teams, urlFile: a, secretFile: b",
		"type: slack, urlFile: a, link: 'https://a.example.com'", "type: webhook", "type: webhook, url: 'https://a.example.com', urlFile: b", "type: webhook, url: 'https://ada:secret@a.example.com'", "type: webhook, url: 'ftp://a'",
		"type: webhook, url: 'http://a.example.com', caFile: b", "type: webhook, urlFile: a, template: b", "type: webhook, urlFile: a, tokenFile: b", "type: webhook, url: 'https://a.example.com/#b'",
		"type: github", "type: github, tokenFile: a, url: 'http://github.example.com'", "type: github, tokenFile: a, urlFile: b", "type: github, tokenFile: a, secretFile: b", "type: github, tokenFile: a, link: nowhere",
		"type: gitea, tokenFile: a", "type: bitbucket-server, tokenFile: a", "type: slack, urlFile: a, on: [failed]", "type: slack, urlFile: a, on: Failed", "type: slack, urlFile: a, on: [Faild]", "type: slack, urlFile: a, cluster: E U", "type: slack, urlFile: a, apps: ['']", "type: slack, urlFile: a, name: A",
	}},
}

func entries() (all []entry) {
	for _, j := range judgements {
		for _, text := range j.right {
			all = append(all, entry{j.kind, text, true})
		}
		for _, text := range j.wrong {
			all = append(all, entry{j.kind, text, false})
		}
	}
	return all
}
