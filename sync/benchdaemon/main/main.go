// Command main runs a fleet for a benchmark: see [benchdaemon].
package main

import (
	"fmt"
	"os"

	"github.com/lockstep-dev/lockstep/sync/benchdaemon"
	"github.com/lockstep-dev/lockstep/sync/footprint"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "want one argument: the order, as JSON")
		os.Exit(2)
	}
	footprint.Shrink() // as the program does
	if err := benchdaemon.Run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
