package main

import (
	"context"
	"net/http"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/sync"
)

// planner is what a plan needs of a cluster: less than a [workshop], since whoever may only read and rehearse can make one.
type planner struct {
	name   string // of the cluster, for people
	client client.Client
	ledger *inventory.Store
	planProgress
}

// connect reaches the cluster that the flags mean.
func (f *clusterFlags) connect(ctx context.Context) (*planner, error) {
	cluster, err := findCluster(f.kubeconfig, f.context)
	if err != nil {
		return nil, err
	}
	p := &planner{name: cluster.name}
	cluster.config.Wrap(func(next http.RoundTripper) http.RoundTripper { return counting{next, &p.requests} })
	c, err := connect(ctx, cluster.config)
	if err != nil {
		return nil, err
	}
	p.client, p.ledger = c, inventory.NewStore(c, f.stateNamespace)
	return p, nil
}

// wire makes ready what plans each app. It has the rights of whoever runs it, also of an app that names a ServiceAccount:
// to act for another is a right of its own. There is no mirror, which would need to list and to watch.
func (p *planner) wire(apps *planApps) []*sync.Reconciler {
	applier := apply.New(p.client, nil)
	all := make([]*sync.Reconciler, len(apps.apps))
	for i, app := range apps.apps {
		all[i] = &sync.Reconciler{App: app, Source: apps.of[app.Name], Applier: applier, Ledger: p.ledger}
	}
	return all
}
