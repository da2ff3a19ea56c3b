package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Formats of --output.
const (
	outputText     = "text"
	outputTable    = "table"
	outputWide     = "wide"
	outputJSON     = "json"
	outputMarkdown = "markdown" // of plan
)

// outputFlag is --output, one of a few words.
type outputFlag struct {
	value   string
	allowed []string
}

// register adds the flag to cmd; the value that the flag has now is its default.
func (o *outputFlag) register(cmd *cobra.Command, allowed ...string) {
	o.allowed = allowed
	cmd.Flags().VarP(o, "output", "o", "how it is printed")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp))
}

// String, Set and Type make it a pflag.Value.
func (o *outputFlag) String() string { return o.value }

// Set takes one of the allowed words.
func (o *outputFlag) Set(value string) error {
	if !slices.Contains(o.allowed, value) {
		return fmt.Errorf("want %s", strings.Join(o.allowed, ", "))
	}
	o.value = value
	return nil
}

// Type lists the words in the help.
func (o *outputFlag) Type() string { return strings.Join(o.allowed, "|") }
