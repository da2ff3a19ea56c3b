package apply

import (
	"context"
	"fmt"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// establishing is how long a new CustomResourceDefinition may take to be served before its objects are given up.
const establishing = 30 * time.Second

func isCRD(id object.ID) bool {
	return id.Group == "apiextensions.k8s.io" && id.Kind == "CustomResourceDefinition"
}

func isNamespace(id object.ID) bool { return id.Group == "" && id.Kind == "Namespace" }

// carries tells the kinds that other objects need to be there: whether they are has to be known before those are planned.
func carries(id object.ID) bool { return isCRD(id) || isNamespace(id) }

// stages splits changes into those that others may need to exist (definitions, namespaces) and the rest.
func stages(changes []*Change) [2][]*Change {
	var split [2][]*Change
	for _, c := range changes {
		stage := 1
		if carries(c.ID) {
			stage = 0
		}
		split[stage] = append(split[stage], c)
	}
	return split
}

// served waits until the API server serves the kind that the definition c brings.
func (a *Applier) served(ctx context.Context, c *Change) error {
	if !isCRD(c.ID) || !c.writes() {
		return nil
	}
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
	ctx, cancel := context.WithTimeoutCause(ctx, establishing, fmt.Errorf("not served %s after it was applied", establishing))
	defer cancel()
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		err := a.client.Get(ctx, client.ObjectKey{Name: c.ID.Name}, crd)
		return err == nil && established(crd), client.IgnoreNotFound(err)
	})
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func established(crd *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
	for _, one := range conditions {
		if c, ok := one.(map[string]any); ok && c["type"] == "Established" && c["status"] == "True" {
			return true
		}
	}
	return false
}
