package charts

import (
	"strings"
	"testing"
)

func TestTheSchemaRefusesWhatIsWrong(t *testing.T) {
	const url = "repository.url=https://git.example.com/shop.git"
	for _, c := range []struct{ set, want string }{
		{"replica=2", "replica"},
		{"repository.branch=main", "branch"},
		{"repository.interval=30", "/repository/interval"},
		{"repository.interval=half a minute", "/repository/interval"},
		{"repository.url=https://user:password@git.example.com/shop.git", "/repository/url"},
		{"repository.url=-oProxyCommand=x", "/repository/url"},
		{"repository.url=ssh://-oProxyCommand=x/", "/repository/url"},
		{"repository.url=file:///srv/shop.git", "/repository/url"},
		{"repository.url=git://git.example.com/shop.git", "/repository/url"},
		{"repository.ref.branch=main,repository.ref.tag=v1", "/repository/ref"},
		{"path=../other", "/path"},
		{"path=/etc", "/path"},
		{"app.name=Shop", "/app/name"},
		{"app.settings.onFailure=ignore", "/app/settings/onFailure"},
		{"app.settings.gate.timeout=5", "/app/settings/gate/timeout"},
		{"app.settings.prun=true", "prun"},
		{"config.apps[0].name=web", "/config"},
		{"replicas=two", "/replicas"},
		{"image.digest=sha256:abc", "/image/digest"},
		{"image.pullPolicy=Sometimes", "/image/pullPolicy"},
		{"log.level=loud", "/log/level"},
		{"rbac.mode=everything", "/rbac/mode"},
		{"rbac.resources[0].apiGroup=*,rbac.resources[0].resources[0]=pods", "/rbac/resources/0/apiGroup"},
		{"rbac.resources[0].apiGroup=apps,rbac.resources[0].resources[0]=*", "/rbac/resources/0/resources/0"},
		{"rbac.resources[0].apiGroup=apps,rbac.resources[0].resources[0]=deployments,rbac.resources[0].verbs[0]=*", "verbs"},
		{"rbac.namespaces[0]=*", "/rbac/namespaces/0"},
		{"rbac.impersonate[0].namespace=shop", "name"},
		{"podSecurity.runAsUser=0", "/podSecurity/runAsUser"},
		{"resources.limits.memory=plenty", "/resources/limits/memory"},
		{"secrets.credentials.Shop=shop-git", "Shop"},
		{"webhook.provider=sourcehut", "/webhook/provider"},
		{"service.port=80", "/service/port"},
		{"networkPolicy.ports[0]=0", "/networkPolicy/ports/0"},
		{"metrics.serviceMonitor.interval=fast", "/metrics/serviceMonitor/interval"},
	} {
		args := []string{"template", "lockstep", chart, "--set", url, "--set", c.set}
		if out, err := helm(t, args...); err == nil {
			t.Errorf("%s is taken:\n%s", c.set, out)
		} else if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "schema") {
			t.Errorf("%s: %v; want the schema to name %s", c.set, err, c.want)
		}
	}
}

func TestTheSchemaTakesTheURLsThatTheProgramTakes(t *testing.T) {
	for _, url := range []string{
		"https://git.example.com/team/shop.git", "https://git.example.com:8443/shop", "http://198.51.100.10:3000/shop.git",
		"ssh://git@git.example.com/team/shop.git", "ssh://git@git.example.com:2222/team/shop.git", "git@git.example.com:team/shop.git",
	} {
		if _, err := helm(t, "template", "lockstep", chart, "--set", "repository.url="+url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestWhatNoSchemaCanSayIsRefusedByTheTemplates(t *testing.T) {
	const url = "repository.url=https://git.example.com/shop.git"
	const folders = "config.repositories[0].name=shop,config.repositories[0].url=https://git.example.com/shop.git,config.apps[0].repository=shop," +
		"config.apps[0].paths=apps/*,config.apps[0].namespace=shop-${APP}"
	for _, c := range []struct{ set, want string }{
		{"path=.", "repository.url: missing"},
		{url + "," + folders, "repository.url and config are both there"},
		{folders, "rbac.namespaces: missing"},
		{url + ",leaderElection.enabled=false", "two daemons without it would write at the same time"},
		{url + ",serviceAccount.create=false", "serviceAccount.name"},
		{url + ",webhook.enabled=true,webhook.secret=hook", "webhook.provider: missing"},
		{url + ",webhook.enabled=true,webhook.ingress.enabled=true", "webhook.ingress.host: missing"},
		{url + ",webhook.enabled=true,webhook.httpRoute.enabled=true", "webhook.httpRoute.parentRefs: missing"},
	} {
		if _, err := helm(t, "template", "lockstep", chart, "--set", c.set); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.set, err, c.want)
		}
	}
}
