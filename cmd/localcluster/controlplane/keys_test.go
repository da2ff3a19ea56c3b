package controlplane

import (
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

func TestKeysAreTheirOwnersOnlyAndNoAuthoritysIsWritten(t *testing.T) {
	d := Dir(t.TempDir())
	if _, err := writeKeys(d); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(d.pki(""), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			t.Errorf("%s has mode %o", path, mode)
		}
		if e.Name() == "ca.key" || e.Name() == "etcd-ca.key" {
			t.Errorf("%s is written", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestUsersAreWhoRBACKnows(t *testing.T) {
	k, err := writeKeys(Dir(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	for user, groups := range map[string][]string{
		"lockstep-admin": {"system:masters"}, "system:kube-controller-manager": nil, "system:kube-scheduler": nil,
		"kwok-controller": nil,
	} {
		block, _ := pem.Decode(k.user[user].cert)
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if cert.Subject.CommonName != user || !slices.Equal(cert.Subject.Organization, groups) {
			t.Errorf("%s is %s of %v", user, cert.Subject.CommonName, cert.Subject.Organization)
		}
	}
}

func TestTheKubeconfigIsCompleteInItself(t *testing.T) {
	d := Dir(t.TempDir())
	k, err := writeKeys(d)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.writeKubeconfig(d.Kubeconfig(), "https://127.0.0.1:6443", userAdmin); err != nil {
		t.Fatal(err)
	}
	file, err := clientcmd.LoadFromFile(d.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	if file.CurrentContext != "lockstep-local" {
		t.Errorf("current context is %q", file.CurrentContext)
	}
	config, err := clientcmd.BuildConfigFromFlags("", d.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "https://127.0.0.1:6443" || config.Insecure || len(config.CAData) == 0 ||
		len(config.CertData) == 0 || len(config.KeyData) == 0 || config.BearerToken != "" {
		t.Error("the kubeconfig does not verify the server, or does not log in by certificate")
	}
}
