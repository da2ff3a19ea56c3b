package controlplane

import (
	"fmt"
	"strconv"
)

// Names of the components, which are the first argument of the multi-call binary, too.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kwok              = "kwok"
	Supervisor        = "supervisor" // has a log like the components, but is not one
)

const (
	serviceCIDR = "10.96.0.0/16"
	issuer      = "https://kubernetes.default.svc.cluster.local"
	// Client-side limits would make the components slower than the API server, whose own fairness is the limit.
	unlimitedQPS = "5000"
)

// Components names the processes of a cluster in the order of their starts.
func Components() []string {
	return []string{Etcd, APIServer, ControllerManager, Scheduler, Kwok}
}

func etcdArgs(d Dir, p ports) []string {
	client, peer := httpsURL(p.etcd), httpsURL(p.etcdPeer)
	return []string{
		"--name=local",
		"--data-dir=" + d.join("etcd"),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=local=" + peer,
		"--client-cert-auth", "--trusted-ca-file=" + d.pki("etcd-ca.crt"),
		"--cert-file=" + d.pki("etcd.crt"), "--key-file=" + d.pki("etcd.key"),
		"--peer-client-cert-auth", "--peer-trusted-ca-file=" + d.pki("etcd-ca.crt"),
		"--peer-cert-file=" + d.pki("etcd.crt"), "--peer-key-file=" + d.pki("etcd.key"),
		"--unsafe-no-fsync", // the data is gone with the cluster anyway
		"--log-level=warn",
	}
}

func apiServerArgs(d Dir, p ports) []string {
	return []string{
		"--bind-address=" + loopback,
		"--secure-port=" + strconv.Itoa(p.apiserver),
		"--tls-cert-file=" + d.pki("apiserver.crt"),
		"--tls-private-key-file=" + d.pki("apiserver.key"),
		"--client-ca-file=" + d.pki("ca.crt"),
		"--etcd-servers=" + httpsURL(p.etcd),
		"--etcd-cafile=" + d.pki("etcd-ca.crt"),
		"--etcd-certfile=" + d.pki("etcd-client.crt"),
		"--etcd-keyfile=" + d.pki("etcd-client.key"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--service-account-issuer=" + issuer,
		"--service-account-key-file=" + d.pki("sa.pub"),
		"--service-account-signing-key-file=" + d.pki("sa.key"),
		"--service-cluster-ip-range=" + serviceCIDR,
		"--endpoint-reconciler-type=none", // an endpoint's address may not be a loopback one
		"--allow-privileged",
	}
}

func controllerManagerArgs(d Dir) []string {
	return []string{
		"--kubeconfig=" + d.pki(ControllerManager+".kubeconfig"),
		"--use-service-account-credentials", // each controller has the rights of its own role only
		"--service-account-private-key-file=" + d.pki("sa.key"),
		"--root-ca-file=" + d.pki("ca.crt"),
		"--leader-elect=false",
		"--secure-port=0",
		"--horizontal-pod-autoscaler-sync-period=2s", // not 15s: somebody sits before it and waits
		"--kube-api-qps=" + unlimitedQPS,
		"--kube-api-burst=" + unlimitedQPS,
	}
}

func schedulerArgs(d Dir) []string {
	return []string{
		"--kubeconfig=" + d.pki(Scheduler+".kubeconfig"),
		"--leader-elect=false",
		"--secure-port=0",
		"--kube-api-qps=" + unlimitedQPS,
		"--kube-api-burst=" + unlimitedQPS,
	}
}

func kwokArgs(d Dir) []string {
	return []string{
		"--kubeconfig=" + d.pki(Kwok+".kubeconfig"),
		"--config=" + d.stages(),
		"--manage-all-nodes",
		fmt.Sprintf("--node-lease-duration-seconds=%d", nodeLeaseSeconds),
	}
}
