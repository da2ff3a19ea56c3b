package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// wants says which argument a command takes, that the user knows as what: one, of which it needs least.
func wants(what string, least int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > 1 {
			return fmt.Errorf("want %s: %s", what, cmd.UseLine())
		}
		return nil
	}
}

// wantsNone refuses any argument, by its name.
func wantsNone(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("argument %q is for nothing: %s", args[0], cmd.UseLine())
	}
	return nil
}

// completeShell has the command for completion, which is the library's, refuse a shell that it does not know: whoever sources
// what it prints would source its help. It prints to what is set as the root's output by now.
func completeShell(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion, _, err := root.Find([]string{"completion"})
	if err != nil {
		return
	}
	completion.RunE = func(cmd *cobra.Command, _ []string) error {
		return fmt.Errorf("want a shell: %s bash|zsh|fish|powershell", cmd.CommandPath())
	}
	completion.Args = cobra.ArbitraryArgs
}
