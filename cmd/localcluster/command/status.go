package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/controlplane"
)

// status is what -o json prints.
type status struct {
	Running bool `json:"running"`
	controlplane.State

	Kubernetes string                    `json:"kubernetes"`
	Nodes      []controlplane.NodeStatus `json:"nodes"`
}

func newStatusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the components, the nodes and the address",
		Long:  "Show the components, the nodes and the address. The exit code is 1 when no cluster runs.",
		Args:  cobra.NoArgs,
	}
	output := cmd.Flags().StringP("output", "o", "table", "format: table or json")
	dirFlag := addDirFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *output != "table" && *output != "json" {
			return fmt.Errorf("output: %q is neither table nor json", *output)
		}
		dir, err := clusterDir(*dirFlag)
		if err != nil {
			return err
		}
		s := status{Kubernetes: kubernetesVersion(), Nodes: []controlplane.NodeStatus{}}
		s.State, err = controlplane.Current(dir)
		s.Running = err == nil
		if s.Running {
			s.Nodes, err = controlplane.Nodes(cmd.Context(), s.Kubeconfig)
		}
		var none *controlplane.NotRunningError
		if err != nil && (*output == "table" || !errors.As(err, &none)) {
			return err
		}
		if *output == "json" {
			return errors.Join(printJSON(cmd.OutOrStdout(), s), err)
		}
		return s.table(cmd.OutOrStdout())
	}
	return cmd
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (s status) table(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	say(w, "Kubernetes %s at %s, up for %s\n", s.Kubernetes, s.Server, time.Since(s.Started).Round(time.Second))
	say(w, "kubeconfig %s, context %s\n\n", s.Kubeconfig, s.Context)
	say(w, "COMPONENT\tVERSION\tPID\tLOG\n")
	for _, c := range s.Components {
		say(w, "%s\t%s\t%d\t%s\n", c.Name, c.Version, c.PID, c.Log)
	}
	say(w, "\nNODE\tREADY\tCPU\tMEMORY\tPODS\n")
	for _, n := range s.Nodes {
		say(w, "%s\t%t\t%s\t%s\t%s\n", n.Name, n.Ready, n.CPU, n.Memory, n.Pods)
	}
	return w.Flush()
}
