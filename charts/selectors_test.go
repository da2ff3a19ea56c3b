package charts

import (
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
)

// TestWhatSelectsPodsSelectsThem takes labels that would like to be others than what is selected by.
func TestWhatSelectsPodsSelectsThem(t *testing.T) {
	const hostile = "app\\.kubernetes\\.io/name=other,LABELS.app\\.kubernetes\\.io/instance=other"
	all := render(t, "tools", "--values", filepath.Join(chart, "ci", "many-apps-values.yaml"), "--set", "nameOverride=other,fullnameOverride=another",
		"--set", "commonLabels."+strings.ReplaceAll(hostile, "LABELS", "commonLabels"), "--set", "podLabels."+strings.ReplaceAll(hostile, "LABELS", "podLabels"))
	deployment := only[appsv1.Deployment](t, all, "Deployment")
	service := only[corev1.Service](t, all, "Service")
	monitor := only[monitoringv1.ServiceMonitor](t, all, "ServiceMonitor")
	pods, services := labels.Set(deployment.Spec.Template.Labels), labels.Set(service.Labels)
	for what, c := range map[string]struct {
		selector *metav1.LabelSelector
		of       labels.Set
	}{
		"Deployment":          {deployment.Spec.Selector, pods},
		"Service":             {&metav1.LabelSelector{MatchLabels: service.Spec.Selector}, pods},
		"PodDisruptionBudget": {only[policyv1.PodDisruptionBudget](t, all, "PodDisruptionBudget").Spec.Selector, pods},
		"NetworkPolicy":       {&only[networkingv1.NetworkPolicy](t, all, "NetworkPolicy").Spec.PodSelector, pods},
		"topology":            {deployment.Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector, pods},
		"ServiceMonitor":      {&monitor.Spec.Selector, services},
	} {
		selector, err := metav1.LabelSelectorAsSelector(c.selector)
		must(t, err)
		if selector.Empty() || !selector.Matches(c.of) {
			t.Errorf("%s selects by %s, of %s", what, selector, c.of)
		}
	}
	if !slices.ContainsFunc(service.Spec.Ports, func(p corev1.ServicePort) bool { return p.Name == monitor.Spec.Endpoints[0].Port }) {
		t.Errorf("the Service has no port %s: %v", monitor.Spec.Endpoints[0].Port, service.Spec.Ports)
	}
}

func TestASinglePodHasNoBudget(t *testing.T) {
	for replicas, want := range map[string]bool{"0": false, "1": false, "2": true, "5": true} {
		all := render(t, "tools", "--set", "repository.url=https://git.example.com/shop.git,replicas="+replicas)
		if got := slices.ContainsFunc(all, func(o *unstructured.Unstructured) bool { return o.GetKind() == "PodDisruptionBudget" }); got != want {
			t.Errorf("%s replicas have a budget: %t", replicas, got) // which would keep a node from being drained
		}
	}
}

// TestAChangeOfTheConfigReplacesNoPod holds that the daemon that runs reads it anew.
func TestAChangeOfTheConfigReplacesNoPod(t *testing.T) {
	of := func(set string) (*appsv1.Deployment, string) {
		all := render(t, "tools", "--set", "repository.url=https://git.example.com/shop.git,app.namespace=shop,"+set)
		return only[appsv1.Deployment](t, all, "Deployment"), only[corev1.ConfigMap](t, all, "ConfigMap").Data["lockstep.yaml"]
	}
	before, config := of("path=a")
	after, changed := of("path=b,repository.interval=5m,app.settings.onFailure=rollback")
	if !reflect.DeepEqual(before, after) || config == changed {
		t.Errorf("the Deployment was\n%v\nand is\n%v", before, after)
	}
}

// TestTheImageIsTheOneThatIsBuilt holds what the chart pulls against what make image builds of the same version.
func TestTheImageIsTheOneThatIsBuilt(t *testing.T) {
	deployment := only[appsv1.Deployment](t, render(t, "tools", "--set", "repository.url=https://git.example.com/shop.git"), "Deployment")
	version := deployment.Labels["app.kubernetes.io/version"]
	would, err := exec.Command("make", "-n", "-C", "..", "image", "VERSION="+version).Output()
	must(t, err)
	pulled := deployment.Spec.Template.Spec.Containers[0].Image
	if !strings.HasPrefix(version, "v") || !strings.Contains(string(would), " -t "+pulled+" ") {
		t.Errorf("the chart pulls %s; built is:\n%s", pulled, would)
	}
}
