package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// callTimeout bounds each call but the watches: an API server that accepts and says nothing is down.
const callTimeout = 30 * time.Second

// localContexts are the names, and the beginnings of names, that the tools for local clusters give their contexts.
var localContexts = []string{"kind-*", "k3d-*", "minikube", "docker-desktop", "lockstep-local"}

// isLocal reports whether a context's name says that it is a cluster for trying things out.
func isLocal(name string) bool {
	for _, local := range localContexts {
		if prefix, isPrefix := strings.CutSuffix(local, "*"); isPrefix && strings.HasPrefix(name, prefix) || name == local {
			return true
		}
	}
	return false
}

// cluster is where the app goes.
type cluster struct {
	config *rest.Config
	name   string // for people
}

// findCluster says how to reach the cluster that is meant: the one of the pod that this runs in, the context that was
// named, or the current one if it is local. No request is made. The context is read once, here: a later "kubectl config
// use-context" does not move the daemon to another cluster.
func findCluster(kubeconfig, contextName string) (*cluster, error) {
	if kubeconfig == "" && contextName == "" && os.Getenv(clientcmd.RecommendedConfigPathEnvVar) == "" {
		if config, err := rest.InClusterConfig(); !errors.Is(err, rest.ErrNotInCluster) {
			return &cluster{config: config, name: "the cluster of this pod"}, err
		}
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: contextName}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	if contextName == "" && len(raw.Contexts) == 0 {
		return nil, noContext(rules.GetLoadingPrecedence())
	}
	if err := meant(raw.CurrentContext, contextName); err != nil {
		return nil, err
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	if err := checkPlugin(config.ExecProvider); err != nil {
		return nil, err
	}
	return &cluster{config: config, name: cmp.Or(contextName, raw.CurrentContext)}, nil
}

// noContext says which files have been looked for or into, of which none names a cluster.
func noContext(files []string) error {
	for _, file := range files {
		if _, err := os.Stat(file); err == nil {
			return fmt.Errorf("no cluster: the kubeconfig %s has no context; name another with --kubeconfig", file)
		}
	}
	return fmt.Errorf("no cluster: no kubeconfig was found at %s; name one with --kubeconfig, or start a local cluster with make cluster-up",
		strings.Join(files, " or "))
}

// unreachable says in plain words that the API server cannot be asked; any other error stays as it is.
func unreachable(err error) error {
	away, ok := errors.AsType[*url.Error](err)
	if !ok {
		return err
	}
	return fmt.Errorf("the API server cannot be reached: %w; check that it runs, and that --kubeconfig and --context mean it", away)
}

// meant refuses a current context that nobody has named and whose own name does not say that it is local.
func meant(current, named string) error {
	switch {
	case named != "" || isLocal(current):
		return nil
	case current == "":
		return errors.New("no cluster: the kubeconfig has no current context; name one with --context")
	default:
		return fmt.Errorf("context %q is not a local cluster (%s): if you mean it, say --context %s",
			current, strings.Join(localContexts, ", "), current)
	}
}

// reach finds the cluster that the flags mean, and connects to it.
func (f *clusterFlags) reach(ctx context.Context) (*cluster, client.WithWatch, error) {
	cluster, err := findCluster(f.kubeconfig, f.context)
	if err != nil {
		return nil, nil, err
	}
	if f.guard != nil { // first, so that nothing comes between it and the request
		f.guard.Protect(cluster.config)
	}
	if f.wrap != nil {
		cluster.config.Wrap(f.wrap)
	}
	cluster.config.Wrap(beating)
	c, err := connect(ctx, cluster.config)
	return cluster, c, err
}

// connect returns a client for the cluster, whose calls end with ctx at the latest, and makes config, which others get
// as well, do the same: all but those that carry a context of ours, see [marked]. The server's own Priority and Fairness is the rate limit; client-go's is
// left on for a server that has none.
func connect(ctx context.Context, config *rest.Config) (client.WithWatch, error) {
	config.UserAgent = "lockstep/" + buildVersion()
	config.WarningHandler = rest.NoWarnings{}
	config.Wrap(endWith(ctx))
	if fair, err := hasPriorityAndFairness(ctx, config); err == nil && fair {
		config.QPS = -1
	}
	calls := rest.CopyConfig(config)
	calls.Timeout = callTimeout
	httpClient, err := rest.HTTPClientFor(calls)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	mapper, err := apiutil.NewDynamicRESTMapper(calls, httpClient)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	return client.NewWithWatch(calls, client.Options{HTTPClient: httpClient, Scheme: scheme.Scheme, Mapper: object.Memo(mapper)})
}

// hasPriorityAndFairness asks the server with one cheap request; it marks every answer that went through it.
func hasPriorityAndFairness(ctx context.Context, config *rest.Config) (bool, error) {
	probe := rest.CopyConfig(config)
	probe.Timeout = 5 * time.Second
	httpClient, err := rest.HTTPClientFor(probe)
	if err != nil {
		return false, err
	}
	server, _, err := rest.DefaultServerUrlFor(probe)
	if err != nil {
		return false, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.JoinPath("livez", "ping").String(), nil)
	if err != nil {
		return false, err
	}
	answer, err := httpClient.Do(request)
	if err != nil {
		return false, err
	}
	defer func() { _ = answer.Body.Close() }()
	return answer.Header.Get("X-Kubernetes-Pf-Flowschema-Uid") != "", nil
}
