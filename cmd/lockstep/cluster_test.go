package main

import "testing"

func TestOnlyTheNamesOfLocalClustersAreLocal(t *testing.T) {
	for name, want := range map[string]bool{
		"kind-kind": true, "kind-a": true, "k3d-dev": true, "minikube": true, "docker-desktop": true, "lockstep-local": true,
		"": false, "prod": false, "kind": false, "kindergarten": false, "my-kind-prod": false, "minikube-prod": false,
		"prod-minikube": false, "KIND-x": false, "gke_prod_kind-1": false, " kind-x": false,
	} {
		if got := isLocal(name); got != want {
			t.Errorf("isLocal(%q) = %v", name, got)
		}
	}
}
