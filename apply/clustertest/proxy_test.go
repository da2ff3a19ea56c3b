package clustertest_test

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

func TestACutLinkRefusesConnectionsUntilItIsRestored(t *testing.T) {
	config, link := clustertest.Proxy(t)
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list := func(ctx context.Context) error { return c.List(ctx, &corev1.NodeList{}) }
	if err := list(t.Context()); err != nil {
		t.Fatalf("through the link: %v", err)
	}
	link.Cut()
	clustertest.Eventually(t, "the connection to be refused", func(ctx context.Context) (bool, string) {
		err := list(ctx)
		return errors.Is(err, syscall.ECONNREFUSED), fmt.Sprint(err)
	})
	link.Restore()
	clustertest.Eventually(t, "the API server to be back", func(ctx context.Context) (bool, string) {
		err := list(ctx)
		return err == nil, fmt.Sprint(err)
	})
}

func TestACutLinkEndsAWatch(t *testing.T) {
	config, link := clustertest.Proxy(t)
	c, err := client.NewWithWatch(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := c.Watch(t.Context(), &corev1.NodeList{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	link.Cut()
	clustertest.Eventually(t, "the watch to end", func(ctx context.Context) (bool, string) {
		select {
		case _, open := <-w.ResultChan():
			return !open, "the watch goes on"
		case <-ctx.Done():
			return false, "the watch is silent"
		}
	})
}

func TestALinkHasAKubeconfigOfItsOwn(t *testing.T) {
	config, link := clustertest.Proxy(t)
	if config.Host == clustertest.Config(t).Host {
		t.Errorf("the link leads to %s, the API server itself", config.Host)
	}
	file, err := clientcmd.LoadFromFile(link.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	if file.CurrentContext != "lockstep-local" {
		t.Errorf("current context is %q", file.CurrentContext)
	}
	if got := file.Clusters[file.Contexts[file.CurrentContext].Cluster].Server; got != config.Host {
		t.Errorf("kubeconfig leads to %s, config to %s", got, config.Host)
	}
}

func TestALinkComesBackAsOftenAsItIsCut(t *testing.T) {
	config, link := clustertest.Proxy(t)
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		link.Cut()
		link.Cut()
		link.Restore()
		link.Restore()
		clustertest.Eventually(t, "the API server to be back", func(ctx context.Context) (bool, string) {
			err := c.List(ctx, &corev1.NodeList{})
			return err == nil, fmt.Sprint(err)
		})
	}
}
