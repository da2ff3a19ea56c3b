package command

import (
	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/controlplane"
)

func newDownCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "down",
		Short: "End the cluster, and return when its processes are gone and its ports are free",
		Long: `End the cluster, and return when its processes are gone and its ports are free.

Its keys and data are removed; its logs are kept until the next start. It is no error when no cluster runs.`,
		Args: cobra.NoArgs,
	}
	dirFlag := addDirFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := clusterDir(*dirFlag)
		if err != nil {
			return err
		}
		ended, err := controlplane.End(cmd.Context(), dir)
		if err != nil {
			return err
		}
		if !ended {
			say(cmd.OutOrStdout(), "No cluster runs in %s.\n", dir)
			return nil
		}
		say(cmd.OutOrStdout(), "The cluster has ended.\n")
		return nil
	}
	return cmd
}
