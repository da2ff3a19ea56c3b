package controlplane

import (
	"crypto/x509"
	"fmt"
	"net"
	"os"
)

// ContextName is the kubeconfig's context, by which Lockstep knows that a cluster is local.
const ContextName = "lockstep-local"

// Names and groups that RBAC's built-in bindings know.
const (
	userAdmin             = "lockstep-admin"
	groupAdmins           = "system:masters"
	userControllerManager = "system:kube-controller-manager"
	userScheduler         = "system:kube-scheduler"
	userKwok              = "kwok-controller"
)

// serviceIP is the first of the service addresses: the kubernetes Service's own.
const serviceIP = "10.96.0.1"

// keys are what a cluster's parts prove themselves with.
type keys struct {
	ca   []byte // what a client trusts
	user map[string]pair
}

// writeKeys makes the keys of a new cluster and writes those that components read from files. etcd has an authority of
// its own, so that no user's certificate, an administrator's least of all, opens the store behind the API server's back.
func writeKeys(d Dir) (keys, error) {
	if err := os.MkdirAll(d.pki(""), 0o700); err != nil {
		return keys{}, fmt.Errorf("make key folder: %w", err)
	}
	if err := writeEtcdKeys(d); err != nil {
		return keys{}, err
	}
	if err := writeServiceAccountKey(d); err != nil {
		return keys{}, err
	}
	ca, err := newAuthority("lockstep-local-ca")
	if err != nil {
		return keys{}, err
	}
	server, err := ca.server("kube-apiserver", net.ParseIP(serviceIP))
	if err != nil {
		return keys{}, err
	}
	if err := writeFiles(d, map[string][]byte{
		"ca.crt": ca.pem, "apiserver.crt": server.cert, "apiserver.key": server.key,
	}); err != nil {
		return keys{}, err
	}
	users, err := issueUsers(ca)
	return keys{ca: ca.pem, user: users}, err
}

func issueUsers(ca *authority) (map[string]pair, error) {
	users := map[string]pair{}
	for user, groups := range map[string][]string{
		userAdmin: {groupAdmins}, userControllerManager: nil, userScheduler: nil, userKwok: nil,
	} {
		p, err := ca.client(user, groups...)
		if err != nil {
			return nil, err
		}
		users[user] = p
	}
	return users, nil
}

func writeEtcdKeys(d Dir) error {
	ca, err := newAuthority("lockstep-local-etcd-ca")
	if err != nil {
		return err
	}
	server, err := ca.server("etcd")
	if err != nil {
		return err
	}
	client, err := ca.client("kube-apiserver")
	if err != nil {
		return err
	}
	return writeFiles(d, map[string][]byte{
		"etcd-ca.crt": ca.pem, "etcd.crt": server.cert, "etcd.key": server.key,
		"etcd-client.crt": client.cert, "etcd-client.key": client.key,
	})
}

// writeServiceAccountKey makes the key that signs the tokens of ServiceAccounts.
func writeServiceAccountKey(d Dir) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	private, err := encodeKey(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("encode public key: %w", err)
	}
	return writeFiles(d, map[string][]byte{"sa.key": private, "sa.pub": encode("PUBLIC KEY", public)})
}

func writeFiles(d Dir, files map[string][]byte) error {
	for name, data := range files {
		if err := os.WriteFile(d.pki(name), data, 0o600); err != nil {
			return fmt.Errorf("write key: %w", err)
		}
	}
	return nil
}
