package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lockstep-dev/lockstep/git"
)

// refFlags say what of a repository is live, and who must have signed it.
type refFlags struct {
	branch string
	ref    git.Ref
	keys   string
}

// insteadOfBranch are the flags of which one may take the place of --branch.
var insteadOfBranch = []string{"tag", "semver", "ref", "commit"}

func (f *refFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.branch, "branch", git.DefaultBranch, "branch whose head is to be live")
	flags.StringVar(&f.ref.Tag, "tag", "", "tag that is to be live, in place of a branch")
	flags.StringVar(&f.ref.SemVer, "semver", "", "range of versions, as '>=1.2 <2': the tag of the highest in it is to be live")
	flags.StringVar(&f.ref.Name, "ref", "", "whole name of another ref that is to be live, as refs/pull/420/head")
	flags.StringVar(&f.ref.Commit, "commit", "", "hash of the one commit that is to be live")
	flags.StringVar(&f.keys, "verify-keys", "", "folder of public keys, of OpenPGP or SSH: one must have signed what is to be live")
	for _, name := range append([]string{"branch"}, insteadOfBranch...) {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	_ = cmd.MarkFlagDirname("verify-keys")
}

// checkRef wants one way to say what is live, and has the default branch only where there is none.
func (f *refFlags) checkRef(cmd *cobra.Command) error {
	if !f.ref.IsZero() && !cmd.Flags().Changed("branch") {
		f.branch = ""
	}
	if err := (git.Options{URL: ".", Branch: f.branch, Ref: f.ref}).Check(); err != nil {
		return err
	}
	if f.keys == "" && cmd.Flags().Changed("verify-keys") {
		return fmt.Errorf("--verify-keys is empty: want a folder of keys")
	}
	return nil
}
