package command

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/controlplane"
)

// New returns the command line of localcluster, without the components.
func New() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "localcluster",
		Short: "A real Kubernetes control plane on this machine, without containers and without root",
		Long: `A real Kubernetes control plane on this machine, without containers and without root.

etcd, kube-apiserver, kube-controller-manager and kube-scheduler are the real ones. The nodes are simulated: pods are
scheduled, become ready and have an address, but nothing runs in them. Everything listens on 127.0.0.1 only.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		Version:       kubernetesVersion(),
	}
	cmd.CompletionOptions.HiddenDefaultCmd = true
	cmd.AddCommand(newUpCommand(), newDownCommand(), newStatusCommand(), newKubeconfigCommand())
	return cmd
}

// addDirFlag adds the flag that says which cluster is meant. Its value is read with [clusterDir].
func addDirFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("dir", "", "folder of the cluster (default: lockstep/cluster in your cache folder)")
}

func clusterDir(flag string) (controlplane.Dir, error) {
	if flag == "" {
		return controlplane.DefaultDir()
	}
	abs, err := filepath.Abs(flag)
	if err != nil {
		return "", fmt.Errorf("find folder %s: %w", flag, err)
	}
	return controlplane.Dir(abs), nil
}
