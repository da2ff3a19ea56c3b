package command

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/controlplane"
)

func newKubeconfigCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "kubeconfig",
		Short:   "Print the running cluster's kubeconfig, or its path",
		Example: "  export KUBECONFIG=$(localcluster kubeconfig --path)",
		Args:    cobra.NoArgs,
	}
	path := cmd.Flags().Bool("path", false, "print the path of the file, not what is in it")
	dirFlag := addDirFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := clusterDir(*dirFlag)
		if err != nil {
			return err
		}
		state, err := controlplane.Current(dir)
		if err != nil {
			return err
		}
		if *path {
			say(cmd.OutOrStdout(), "%v\n", state.Kubeconfig)
			return nil
		}
		data, err := os.ReadFile(state.Kubeconfig)
		if err != nil {
			return fmt.Errorf("read kubeconfig: %w", err)
		}
		_, err = cmd.OutOrStdout().Write(data)
		return err
	}
	return cmd
}
