package main

import (
	"context"
	"fmt"
	"strings"
	stdsync "sync"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/mirror"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
)

// workshop is what all apps of a cluster share.
type workshop struct {
	config *rest.Config
	name   string // of the cluster, for people
	client client.WithWatch
	mirror *mirror.Mirror
	gate   *health.Gate
	ledger *inventory.Store

	namespace string // of the ledger
	traced    func(sync.Trace)
	finder    *apply.Finder

	mu       stdsync.Mutex
	appliers map[string]*apply.Applier // by ServiceAccount; that of the daemon itself by ""
}

// open connects to the cluster that the flags mean, with all that a daemon needs of it.
func (f *clusterFlags) open(ctx context.Context) (*workshop, error) {
	cluster, c, err := f.reach(ctx)
	if err != nil {
		return nil, err
	}
	w := &workshop{
		config: cluster.config, name: cluster.name, client: c, namespace: f.stateNamespace,
		ledger: inventory.NewStore(c, f.stateNamespace), appliers: map[string]*apply.Applier{},
	}
	if w.gate, err = health.NewGate(cluster.config, c.RESTMapper()); err != nil {
		return nil, err
	}
	w.gate.Proof = health.DefaultProof
	if w.mirror, err = mirror.New(cluster.config, c.RESTMapper()); err != nil {
		return nil, err
	}
	if w.finder, err = apply.NewFinder(cluster.config); err != nil {
		return nil, err
	}
	w.appliers[""] = apply.New(c, w.mirror)
	return w, nil
}

func (w *workshop) close() {
	w.gate.Close()
	w.mirror.Close()
}

// build wires an app, but for its source and who is told of it.
func (w *workshop) build(app sync.App) (*sync.Reconciler, error) {
	applier, err := w.applierOf(app.ServiceAccount)
	if err != nil {
		return nil, err
	}
	return &sync.Reconciler{App: app, Applier: applier, Gate: w.gate, Ledger: w.ledger, Finder: w.finder, Traced: w.traced}, nil
}

// records are the inventories that there are; of those that cannot be read the apps themselves say so.
func (w *workshop) records(ctx context.Context) ([]*inventory.Inventory, error) {
	w.ledger.Forget() // another may have written since it was asked last
	all, _, err := w.ledger.All(ctx)
	return all, err
}

// applierOf returns an Applier with the rights of a ServiceAccount, "namespace/name", or of the daemon itself. The API
// server decides with each call whether the daemon may act for it.
func (w *workshop) applierOf(account string) (*apply.Applier, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.appliers[account]; a != nil {
		return a, nil
	}
	namespace, name, _ := strings.Cut(account, "/")
	config := rest.CopyConfig(w.config)
	config.Timeout = callTimeout
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + namespace + ":" + name,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
	}
	c, err := client.New(config, client.Options{Scheme: w.client.Scheme(), Mapper: w.client.RESTMapper()})
	if err != nil {
		return nil, fmt.Errorf("act as ServiceAccount %s: %w", account, err)
	}
	w.appliers[account] = w.appliers[""].As(c)
	return w.appliers[account], nil
}
