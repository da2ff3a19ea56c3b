package health

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// class adds the StorageClass of a claim that is not bound. It may be forbidden: the claim is then judged without it.
func (g *gathering) class(ctx context.Context, o *unstructured.Unstructured) {
	name := text(o, "spec", "storageClassName")
	if name == "" || text(o, "status", "phase") == "Bound" {
		return
	}
	key := sourceKey{resource: classResource, name: name, auxiliary: true}
	for _, class := range g.lookup(ctx, key, refName(name)) {
		if class, ok := class.(*unstructured.Unstructured); ok {
			g.state.Classes = append(g.state.Classes, class)
		}
	}
}

// jobs adds the Jobs of a CronJob. They may be forbidden: nothing is then said of them.
func (g *gathering) jobs(ctx context.Context, o *unstructured.Unstructured) {
	key := sourceKey{resource: jobResource, namespace: o.GetNamespace(), auxiliary: true}
	for _, job := range g.lookup(ctx, key, refOwner(o.GetUID())) {
		if job, ok := job.(*unstructured.Unstructured); ok {
			g.state.Jobs = append(g.state.Jobs, job)
		}
	}
}
