package apply_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A dry run gives no node port and no address, so it does not tell whether they are to be had.
func TestANodePortThatIsNotToBeHadHoldsTheWholeCommit(t *testing.T) {
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort, selector: {app: web}, ports: [{port: 80, nodePort: %}]}\n"
	const text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {value: %}\n"
	with := func(document, value string) string { return strings.Replace(document, "%", value, 1) }
	a := newApp(t)
	if err := a.sync(with(text, "old")); err != nil {
		t.Fatal(err)
	}
	err := a.sync(with(text, "new"), with(service, "99"))
	if err == nil || !strings.Contains(err.Error(), "service/web") || !strings.Contains(err.Error(), "99") {
		t.Errorf("told %v", err)
	}
	value := func() string {
		value, _, _ := unstructured.NestedString(a.live("v1", "ConfigMap", "settings").Object, "data", "value")
		return value
	}
	if is := value(); is != "old" {
		t.Errorf("half of the commit was applied: %s", is)
	}
	if err := a.sync(with(text, "new"), strings.Replace(service, ", nodePort: %", "", 1)); err != nil {
		t.Fatal(err)
	}
	if is := value(); is != "new" {
		t.Errorf("the next commit left %s", is)
	}
}
