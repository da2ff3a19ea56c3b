package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/apply/manifest"
)

func newValidate() *cobra.Command {
	return &cobra.Command{
		Use:   "validate PATH",
		Short: "Read a folder of manifests as a commit would be read, without a cluster",
		Long: `Lists everything that is wrong, with file and line: what is refused here refuses a whole commit.
Whether the cluster would take the objects is what plan says.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return validate(cmd.Context(), cmd.OutOrStdout(), args[0])
		},
	}
}

func validate(ctx context.Context, out io.Writer, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", path)
	}
	set, err := manifest.Read(ctx, os.DirFS(path))
	if problems, ok := errors.AsType[manifest.Errors](err); ok {
		for _, problem := range problems {
			if _, err := fmt.Fprintln(out, problem.Error()); err != nil {
				return err
			}
		}
		return fmt.Errorf("%s: a commit would be refused: %d problems", path, len(problems))
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d objects in %d files\n", len(set.Manifests), set.Files)
	return err
}
