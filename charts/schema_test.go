package charts

import (
	"strings"
	"testing"
)

// malformed are settings, and where the schema sees what is wrong with each.
var malformed = []struct{ set, want string }{
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
	{"metrics.serviceMonitor.interval=1.5m", "/metrics/serviceMonitor/interval"}, // Prometheus takes no fractions
	{"metrics.prometheusRule.failedFor=30s1m", "/metrics/prometheusRule/failedFor"},
	{"shards=33", "/shards"},
	{"tolerations[0].efect=NoSchedule", "efect"},
	{"topologySpread.constraints[0].maxskew=1", "maxskew"},
	{"topologySpread.constraints[0].maxSkew=1", "topologyKey"},
	{"networkPolicy.metricsFrom[0].podSelectors.a=b", "podSelectors"},
	{"networkPolicy.webhookFrom[0].podSelector.a=b", "/networkPolicy/webhookFrom/0/podSelector"},
	{"networkPolicy.extraEgress[0].too[0].podSelector.matchLabels.a=b", "too"},
	{"webhook.httpRoute.parentRefs[0].name=a,webhook.httpRoute.parentRefs[0].sectionname=b", "sectionname"},
	{"imagePullSecrets[0].names=a", "names"},
	{"affinity.nodeAfinity.a=b", "nodeAfinity"},
	{"extraArgs[0]=--leader-elect=false", "/extraArgs/0"},
	{"extraArgs[0]=--listen=:80", "/extraArgs/0"},
	{"extraArgs[0]=--timeout=3m", "/extraArgs/0"},
	{"env.POD_NAME=other", "POD_NAME"},
	{"podSecurity.runAsUser=99999999999", "/podSecurity/runAsUser"},
	{"commonLabels.team=a b", "/commonLabels/team"},
	{"podLabels.-team=a", "-team"},
	{"podAnnotations.a b=c", "a b"},
	{"networkPolicy.cidrs[0]=10.0.0.0/33", "/networkPolicy/cidrs/0"},
	{"networkPolicy.cidrs[0]=999.0.0.0/8", "/networkPolicy/cidrs/0"},
	{"networkPolicy.except[0]=169.254.169.254", "/networkPolicy/except/0"},
	{"webhook.ingress.path=/a//b", "/webhook/ingress/path"},
	{"webhook.ingress.host=a..b", "/webhook/ingress/host"},
	{"webhook.httpRoute.hostnames[0]=a_b", "/webhook/httpRoute/hostnames/0"},
	{"image.repository=https://registry.example.com/lockstep", "/image/repository"},
	{"resources.limits.memory=1K", "/resources/limits/memory"},
	{"resources.limits.memory=0", "/resources/limits/memory"},
	{"resources.limits.gpu=1", "gpu"},
	{"cache.sizeLimit=-1Gi", "/cache/sizeLimit"},
}

func TestTheSchemaRefusesWhatIsWrong(t *testing.T) {
	const url = "repository.url=https://git.example.com/shop.git"
	for _, c := range malformed {
		args := []string{"template", "lockstep", chart, "--set", url, "--set", c.set}
		if out, err := helm(t, args...); err == nil {
			t.Errorf("%s is taken:\n%s", c.set, out)
		} else if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "schema") {
			t.Errorf("%s: %v; want the schema to name %s", c.set, err, c.want)
		}
	}
}

func TestWhatNoSchemaCanSayIsRefusedByTheTemplates(t *testing.T) {
	const url = "repository.url=https://git.example.com/shop.git"
	const hook = url + ",webhook.enabled=true,webhook.secret=hook,webhook.provider=github"
	const folders = "config.repositories[0].name=shop,config.repositories[0].url=https://git.example.com/shop.git,config.apps[0].repository=shop," +
		"config.apps[0].paths=apps/*,config.apps[0].namespace=shop-${APP}"
	for _, c := range []struct{ set, want string }{
		{"path=.", "repository.url: missing"},
		{url + "," + folders, "repository.url and config are both there"},
		{folders, "rbac.namespaces: missing"},
		{url + ",leaderElection.enabled=false", "two daemons without it would write at the same time"},
		{url + ",serviceAccount.create=false", "serviceAccount.name"},
		{url + ",webhook.enabled=true", "webhook.secret: missing"},
		{url + ",webhook.enabled=true,webhook.secret=hook", "webhook.provider: missing"},
		{hook + ",webhook.ingress.enabled=true", "webhook.ingress.host: missing"},
		{hook + ",webhook.httpRoute.enabled=true", "webhook.httpRoute.parentRefs: missing"},
		{hook + ",webhook.port=8080", "webhook.port: 8080 is service.port as well"},
		{url + ",webhook.ingress.enabled=true,webhook.ingress.host=a", "webhook.ingress leads nowhere"},
		{url + ",webhook.httpRoute.enabled=true", "webhook.httpRoute leads nowhere"},
		{url + ",fullnameOverride=1st", "begins with a digit"},
		{url + ",resources.limits.memory=512", "is less than 32Mi"},
		{url + ",resources.limits.memory=500m", "is less than 32Mi"},
		{"repository.url=git@git.example.com:shop.git", "repository.credentialsSecret: missing"},
		{"repository.url=http://git.example.com/shop.git,repository.credentialsSecret=a", "not sent over http://"},
		{folders + ",config.apps[0].serviceAccount=team,rbac.namespaces[0]=shop-a", "rbac.impersonate: missing"},
	} {
		if _, err := helm(t, "template", "lockstep", chart, "--set", c.set); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.set, err, c.want)
		}
	}
}
