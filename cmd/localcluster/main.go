package main

import (
	"context"
	"fmt"
	"os"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/command"
	"github.com/lockstep-dev/lockstep/cmd/localcluster/lifeline"
)

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintf(os.Stderr, "localcluster: %v\n", err)
		os.Exit(1)
	}
}

// run runs a component, when args name one, and the user's command otherwise.
func run(args []string) error {
	if len(args) > 1 {
		if start, ok := components()[args[1]]; ok {
			if err := lifeline.Hold(); err != nil {
				return err
			}
			// The components read their flags from here, as if each were a program of its own.
			os.Args = args[1:]
			os.Exit(start())
		}
	}
	forgetGlobalFlags()
	return command.New().ExecuteContext(context.Background())
}
