package clustertest

import (
	"net"
	"net/url"
	"path/filepath"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Proxy returns the administrator's access by a [Link] of the test's own, to see what happens when the API server goes
// away and comes back. It ends with the test.
func Proxy(t testing.TB) (*rest.Config, *Link) {
	t.Helper()
	target, err := url.Parse(Config(t).Host)
	if err != nil {
		t.Fatalf("read address: %v", err)
	}
	l := &Link{t: t, address: "127.0.0.1:0", target: target.Host, conns: map[net.Conn]struct{}{}}
	l.Restore()
	t.Cleanup(func() {
		l.Cut()
		l.running.Wait()
	})
	l.Kubeconfig = redirect(t, Kubeconfig(t), "https://"+l.address)
	return readConfig(t, l.Kubeconfig), l
}

// redirect writes a copy of a kubeconfig that leads to another address, and returns its path.
func redirect(t testing.TB, kubeconfig, server string) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(kubeconfig)
	if err != nil {
		t.Fatalf("read kubeconfig: %v", err)
	}
	for _, cluster := range config.Clusters {
		cluster.Server = server
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatalf("write kubeconfig: %v", err)
	}
	return path
}
