package apply_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply"
)

// TestAKindThatIsServedOtherwiseIsTold has what is no more, is misplaced or misspelt, and what is said of it.
func TestAKindThatIsServedOtherwiseIsTold(t *testing.T) {
	a := newApp(t)
	for kind, want := range map[string]string{
		"apiVersion: extensions/v1beta1\nkind: Deployment\n": "no kind Deployment in extensions/v1beta1; it has Deployment in apps/v1",
		"apiVersion: batch/v1beta1\nkind: CronJob\n":         "no kind CronJob in batch/v1beta1; it has CronJob in batch/v1",
		"apiVersion: v1\nkind: Deployment\n":                 "no kind Deployment in v1; it has Deployment in apps/v1",
		"apiVersion: v1\nkind: configmap\n":                  "no kind configmap in v1; it has ConfigMap in v1",
		"apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\n": "no kind PodSecurityPolicy in policy/v1beta1: " +
			"is its CustomResourceDefinition installed?",
	} {
		_, err := a.plan(kind + "metadata: {name: one}\n")
		if _, ok := errors.AsType[*apply.UnknownKindError](err); !ok || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", kind, err, want)
		}
	}
}

func TestAVersionThatTheCommitsOwnDefinitionDoesNotServeIsRefused(t *testing.T) {
	a := newApp(t)
	group := a.request.Namespace + ".example.com"
	definition := "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: gears." + group + "}\n" +
		"spec:\n  group: " + group + "\n  names: {kind: Gear, plural: gears}\n  scope: Namespaced\n  versions:\n" +
		"  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}\n" +
		"  - {name: v2, served: false, storage: false, schema: {openAPIV3Schema: {type: object}}}\n"
	t.Cleanup(func() { a.remove("apiextensions.k8s.io/v1", "CustomResourceDefinition", "gears."+group) })
	err := a.sync(definition, configMap("settings", "1"), "apiVersion: "+group+"/v2\nkind: Gear\nmetadata: {name: one}\n")
	want := "the CustomResourceDefinition of this commit does not serve Gear in " + group + "/v2"
	if err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	if a.live("v1", "ConfigMap", "settings") != nil {
		t.Error("the rest was applied")
	}
}
