package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/apply/manifest"
)

func newValidate() *cobra.Command {
	return &cobra.Command{
		Use:   "validate PATH",
		Short: "Read a folder of manifests as a commit would be read, without a cluster",
		Long: `Lists everything that is wrong, with file and line: what is refused here refuses a whole commit.
A folder with a kustomization is rendered; it may refer to all of the git repository around it. Whether the cluster would take the objects is what plan says.`,
		Args: wants("one folder", 1),
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
	root, folder, err := surrounding(path)
	if err != nil {
		return err
	}
	set, err := manifest.Load(ctx, os.DirFS(root), folder, manifest.Options{})
	if problems, ok := errors.AsType[manifest.Errors](err); ok {
		for _, problem := range problems {
			if _, err := fmt.Fprintln(out, problem.Error()); err != nil {
				return err
			}
		}
		return fmt.Errorf("%s: a commit would be refused: %s", path, counted(len(problems), "problem"))
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s in %s\n", counted(len(set.Manifests), "object"), counted(set.Files, "file"))
	return err
}

// surrounding returns the root of the git repository around a folder, and the folder's slash-separated path in it; without
// a repository the folder is the root itself.
func surrounding(path string) (root, folder string, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return "", "", err
	}
	for root = path; ; root = filepath.Dir(root) {
		if _, err := os.Lstat(filepath.Join(root, ".git")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			return path, ".", nil
		}
	}
	folder, err = filepath.Rel(root, path)
	return root, filepath.ToSlash(folder), err
}
