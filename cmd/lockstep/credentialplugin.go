package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"

	"k8s.io/client-go/tools/clientcmd/api"
)

// checkPlugin says which program is missing where the kubeconfig has one that gives credentials. The library would say so with
// the first request, as if the cluster could not be reached.
func checkPlugin(plugin *api.ExecConfig) error {
	if plugin == nil {
		return nil
	}
	_, err := exec.LookPath(plugin.Command)
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("kubeconfig: it has the program %q give the credentials for this cluster, which cannot be found: "+
			"install it where Lockstep runs, and see that it is executable and on PATH", plugin.Command)
	}
	return nil
}
