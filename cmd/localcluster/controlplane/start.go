package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// startTimeout is for a machine that is busy with other things; on an idle one a start takes some seconds.
const startTimeout = 2 * time.Minute

var errSlow = errors.New("not ready after " + startTimeout.String())

// start is a cluster on its way up.
type start struct {
	Config

	ports  ports
	keys   keys
	fleet  *fleet
	client kubernetes.Interface
	began  time.Time
}

// bringUp starts the components and returns when a pod can run and the administrator's kubeconfig is written. The
// context's cause is in the error when it ends first.
func bringUp(ctx context.Context, cfg Config, f *fleet) (State, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errSlow)
	defer cancel()
	s := &start{Config: cfg, fleet: f, began: time.Now()}
	if err := s.prepare(); err != nil {
		return State{}, err
	}
	if err := s.store(ctx); err != nil {
		return State{}, err
	}
	if err := s.controllers(ctx); err != nil {
		return State{}, err
	}
	if err := s.proof(ctx); err != nil {
		return State{}, err
	}
	if err := s.keys.writeKubeconfig(s.Dir.Kubeconfig(), s.address(), userAdmin); err != nil {
		return State{}, err
	}
	return s.state(true), writeState(s.Dir, s.state(true))
}

func (s *start) address() string { return httpsURL(s.ports.apiserver) }

// prepare writes all that the components read.
func (s *start) prepare() (err error) {
	if s.ports, err = freePorts(); err != nil {
		return err
	}
	if s.keys, err = writeKeys(s.Dir); err != nil {
		return err
	}
	for name, user := range map[string]string{
		ControllerManager: userControllerManager, Scheduler: userScheduler, Kwok: userKwok,
	} {
		if err := s.keys.writeKubeconfig(s.Dir.pki(name+".kubeconfig"), s.address(), user); err != nil {
			return err
		}
	}
	if err := replaceFile(s.Dir.stages(), kwokStages(), 0o600); err != nil {
		return err
	}
	s.client, err = kubernetes.NewForConfig(s.keys.restConfig(s.address(), userAdmin))
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	return writeState(s.Dir, s.state(false))
}

// store starts etcd and the API server, which waits for etcd by itself, and waits until the API server serves.
func (s *start) store(ctx context.Context) error {
	s.Step("starting etcd and the API server")
	if err := s.fleet.start(Etcd, etcdArgs(s.Dir, s.ports)); err != nil {
		return err
	}
	if err := s.fleet.start(APIServer, apiServerArgs(s.Dir, s.ports)); err != nil {
		return err
	}
	return awaitAPIServer(ctx, s.client)
}

// controllers starts what needs the API server: all of it would retry, but a second at a time.
func (s *start) controllers(ctx context.Context) error {
	s.Step(fmt.Sprintf("starting the controllers, the scheduler and %d nodes", s.Options.Nodes))
	if err := s.fleet.start(ControllerManager, controllerManagerArgs(s.Dir)); err != nil {
		return err
	}
	if err := s.fleet.start(Scheduler, schedulerArgs(s.Dir)); err != nil {
		return err
	}
	if err := grantKwok(ctx, s.client); err != nil {
		return err
	}
	if err := s.fleet.start(Kwok, kwokArgs(s.Dir)); err != nil {
		return err
	}
	return createNodes(ctx, s.client, s.Options)
}

// proof waits until the controllers have done their first work and a pod has run.
func (s *start) proof(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return awaitNodes(ctx, s.client, s.Options.Nodes) })
	group.Go(func() error { return awaitServiceAccount(ctx, s.client, metav1.NamespaceDefault) })
	group.Go(func() error {
		if err := awaitServiceAccount(ctx, s.client, metav1.NamespaceSystem); err != nil {
			return err
		}
		return awaitPod(ctx, s.client)
	})
	return group.Wait()
}

func (s *start) state(ready bool) State {
	state := State{
		Ready:      ready,
		Server:     s.address(),
		Context:    ContextName,
		Kubeconfig: s.Dir.Kubeconfig(),
		Started:    s.began,
		Supervisor: os.Getpid(),
		Options:    s.Options,
		Ports:      []int{s.ports.apiserver, s.ports.etcd, s.ports.etcdPeer},
	}
	for _, name := range Components() {
		state.Components = append(state.Components, ComponentStatus{
			Name: name, Version: s.Version(name), PID: s.fleet.pid(name), Log: s.Dir.Log(name),
		})
	}
	return state
}
