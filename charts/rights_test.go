package charts

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// folders are values for an app for each folder, all of which act as a ServiceAccount.
var folders = []string{
	"--set", "config.repositories[0].name=shop,config.repositories[0].url=https://git.example.com/shop.git",
	"--set", "config.apps[0].repository=shop,config.apps[0].paths=apps/*,config.apps[0].namespace=${APP},config.apps[0].serviceAccount=team",
	"--set", "rbac.namespaces={front,back},rbac.impersonate[0].namespace=front,rbac.impersonate[0].name=team",
}

// writes are the namespaces in which the daemon itself may write.
func writes(t *testing.T, all []*unstructured.Unstructured) (namespaces []string) {
	t.Helper()
	for _, o := range all {
		if o.GetKind() != "Role" || o.GetName() != "lockstep-apps" {
			continue
		}
		role := &rbacv1.Role{}
		must(t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, role))
		if slices.ContainsFunc(role.Rules, func(r rbacv1.PolicyRule) bool {
			return slices.Contains(r.Verbs, "patch") && !slices.Contains(r.Resources, "events")
		}) {
			namespaces = append(namespaces, o.GetNamespace())
		}
	}
	slices.Sort(namespaces)
	return namespaces
}

func TestNamespacesOfFoldersAreWrittenToOnlyForAppsWithoutAServiceAccount(t *testing.T) {
	if got := writes(t, render(t, "tools", folders...)); len(got) > 0 {
		t.Errorf("all apps act as accounts, and the daemon may write to %s", got)
	}
	another := append(slices.Clone(folders), "--set", "config.apps[1].repository=shop,config.apps[1].paths=infra/*,config.apps[1].namespace=${APP}")
	if got := writes(t, render(t, "tools", another...)); !slices.Equal(got, []string{"back", "front"}) {
		t.Errorf("an app acts as nobody, and the daemon may write to %s", got)
	}
}

// TestTheNetworkPolicyLetsTheGitHostsPortsOut holds that an installation reaches the ports that its URLs name.
func TestTheNetworkPolicyLetsTheGitHostsPortsOut(t *testing.T) {
	for _, c := range []struct {
		set  string
		want []int
	}{
		{"repository.url=https://git.example.com/a.git", []int{443, 6443, 22}},
		{"repository.url=http://git.example.com/a.git", []int{443, 6443, 22, 80}},
		{"repository.url=https://git.example.com:8443/a.git", []int{443, 6443, 22, 8443}},
		{"repository.url=http://[2001:db8::1]:3000,networkPolicy.ports={6443}", []int{6443, 3000}},
		{"repository.url=ssh://git@git.example.com:2222/a.git,repository.credentialsSecret=a", []int{443, 6443, 22, 2222}},
		{"repository.url=git@git.example.com:a.git,repository.credentialsSecret=a,networkPolicy.ports={6443}", []int{6443, 22}},
		{"repository.url=https://git.example.com/a.git,repository.proxy=socks5h://proxy", []int{443, 6443, 22, 1080}},
		{"repository.url=https://git.example.com/a:90/b.git", []int{443, 6443, 22}},
		{"repository.url=https://git.example.com/a.git,extraArgs[0]=--otlp-endpoint=http://collector.tools:4318", []int{443, 6443, 22, 4318}},
		{"repository.url=https://git.example.com/a.git,env.HTTPS_PROXY=http://proxy.example.com:3128/,env.A=b", []int{443, 6443, 22, 3128}},
		{"repository.url=https://git.example.com/a.git,env.https_proxy=proxy:3128,env.A=c:90", []int{443, 6443, 22, 3128}},
	} {
		policy := only[networkingv1.NetworkPolicy](t, render(t, "tools", "--set", c.set), "NetworkPolicy")
		var got []int
		for _, port := range policy.Spec.Egress[2].Ports {
			got = append(got, port.Port.IntValue())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.set, got, c.want)
		}
	}
}

// TestTheNetworkPolicyLetsOutToPodsAndNeverToTheMetadata takes the networks for which a pod's address is in no range.
func TestTheNetworkPolicyLetsOutToPodsAndNeverToTheMetadata(t *testing.T) {
	for set, want := range map[string]bool{"a=b": true, "c=d,networkPolicy.cidrs={192.0.2.0/24}": false} {
		policy := only[networkingv1.NetworkPolicy](t, render(t, "tools", "--set", "repository.url=https://git.example.com/a.git,env."+set), "NetworkPolicy")
		pods := false
		for _, to := range policy.Spec.Egress[2].To {
			pods = pods || to.NamespaceSelector != nil
			for _, metadata := range []string{"169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32"} {
				if to.IPBlock != nil && to.IPBlock.CIDR == "0.0.0.0/0" && !slices.Contains(to.IPBlock.Except, metadata) {
					t.Errorf("%s: the metadata can be reached: %v", set, to.IPBlock)
				}
			}
		}
		if pods != want {
			t.Errorf("%s: pods can be reached: %t", set, pods)
		}
	}
}

// TestReplicasReachEachOther holds the ways by which they tell the status of all and pass webhooks on, whoever else may come.
func TestReplicasReachEachOther(t *testing.T) {
	from := "networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.a=b,networkPolicy.webhookFrom[0].ipBlock.cidr=192.0.2.0/24"
	hooks := ",webhook.enabled=true,webhook.provider=github,webhook.secret=hook"
	for set, want := range map[string][]string{from: {"http"}, from + hooks: {"http", "webhook"}} {
		policy := only[networkingv1.NetworkPolicy](t, render(t, "tools", "--set", "repository.url=https://git.example.com/a.git,"+set), "NetworkPolicy")
		own := func(peers []networkingv1.NetworkPolicyPeer) bool {
			return slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
				return p.NamespaceSelector == nil && reflect.DeepEqual(p.PodSelector, &policy.Spec.PodSelector)
			})
		}
		var in, out []string
		for _, rule := range policy.Spec.Ingress {
			if own(rule.From) {
				in = append(in, names(rule.Ports)...)
			}
		}
		for _, rule := range policy.Spec.Egress {
			if own(rule.To) {
				out = append(out, names(rule.Ports)...)
			}
		}
		if !slices.Equal(in, want) || !slices.Equal(out, want) {
			t.Errorf("%s: in %v, out %v, want %v", set, in, out, want)
		}
	}
}

func names(ports []networkingv1.NetworkPolicyPort) (names []string) {
	for _, port := range ports {
		names = append(names, port.Port.String())
	}
	return names
}

// TestEachSecretHasAVolumeOfItsOwn takes the longest names, of which volumes may not have all.
func TestEachSecretHasAVolumeOfItsOwn(t *testing.T) {
	const long = "a234567890123456789012345678901234567890123456789" // 49
	set := []string{"--set", "repository.url=https://git.example.com/shop.git"}
	for _, last := range "bc" {
		set = append(set, "--set", fmt.Sprintf("secrets.notifications.%s%c=chat-%c", long, last, last))
	}
	spec := only[appsv1.Deployment](t, render(t, "tools", set...), "Deployment").Spec.Template.Spec
	names, found := map[string]bool{}, 0
	for _, volume := range spec.Volumes {
		if names[volume.Name] || len(volume.Name) > 63 {
			t.Errorf("volume %s is there twice, or too long", volume.Name)
		}
		names[volume.Name] = true
	}
	for _, mount := range spec.Containers[0].VolumeMounts {
		if !names[mount.Name] {
			t.Errorf("no volume %s", mount.Name)
		}
		if len(mount.MountPath) > len("/etc/lockstep/notifications/") && mount.MountPath[:27] == "/etc/lockstep/notifications" {
			found++
		}
	}
	if found != 2 {
		t.Errorf("%d Secrets are mounted, want 2", found)
	}
}

// TestTheSecretOfWebhooksThatAreNotTakenIsNotWaitedFor holds that a pod begins without what it has no use for.
func TestTheSecretOfWebhooksThatAreNotTakenIsNotWaitedFor(t *testing.T) {
	for enabled, want := range map[string]bool{"true": true, "false": false} {
		set := "repository.url=https://git.example.com/a.git,webhook.provider=github,webhook.secret=hook,webhook.enabled=" + enabled
		pod := only[appsv1.Deployment](t, render(t, "tools", "--set", set), "Deployment").Spec.Template.Spec
		mounted := slices.ContainsFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Secret != nil && v.Secret.SecretName == "hook" })
		if mounted != want {
			t.Errorf("webhook.enabled=%s: it is mounted: %t", enabled, mounted)
		}
	}
}
