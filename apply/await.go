package apply

import (
	"context"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
)

// await waits until the objects that the changes saw, which have been deleted, are gone: all of them together, at most
// for the given time, and calls settled for each as soon as it is gone or when the time is up. What is still there then
// has a Why that names what holds it.
func (a *Applier) await(ctx context.Context, changes []*Change, patience time.Duration, settled func(*Change)) error {
	end := time.Now().Add(patience)
	pause := wait.Backoff{Duration: 10 * time.Millisecond, Factor: 2, Steps: 7, Cap: 640 * time.Millisecond}
	for len(changes) > 0 {
		if err := a.each(ctx, changes, a.confirm); err != nil {
			return err
		}
		var there []*Change
		for _, c := range changes {
			if c.Why == "" {
				settled(c)
			} else {
				there = append(there, c)
			}
		}
		changes = there
		next := pause.Step()
		if len(changes) == 0 || time.Now().Add(next).After(end) {
			break
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(next):
		}
	}
	for _, c := range changes {
		settled(c)
	}
	return nil
}

// confirm looks whether the object that c saw has really gone, and says what holds it otherwise. One of the same name
// that somebody has made since is another.
func (a *Applier) confirm(ctx context.Context, c *Change) error {
	live, err := a.fetch(ctx, c)
	if err != nil {
		return err
	}
	c.Why = ""
	if live != nil && live.GetUID() == c.Before.GetUID() {
		c.Why = waits(live)
	}
	return nil
}

// waits says what holds an object whose deletion has been asked for.
func waits(live *unstructured.Unstructured) string {
	if held := live.GetFinalizers(); len(held) > 0 {
		return "it goes once these finalizers let it: " + strings.Join(held, ", ")
	}
	if isNamespaceObject(live) {
		if why := remaining(live); why != "" {
			return "it goes once its content has: " + why
		}
	}
	return "it is going"
}

func isNamespaceObject(o *unstructured.Unstructured) bool {
	return o.GetKind() == "Namespace" && o.GroupVersionKind().Group == ""
}

// remaining is what a Namespace's status says about the content that keeps it from going.
func remaining(namespace *unstructured.Unstructured) string {
	conditions, _, _ := unstructured.NestedSlice(namespace.Object, "status", "conditions")
	var all []string
	for _, one := range conditions {
		c, ok := one.(map[string]any)
		if ok && c["status"] == "True" && (c["type"] == "NamespaceContentRemaining" || c["type"] == "NamespaceFinalizersRemaining") {
			message, _ := c["message"].(string)
			all = append(all, message)
		}
	}
	return strings.Join(all, "; ")
}
