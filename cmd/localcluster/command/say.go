package command

import (
	"fmt"
	"io"
)

// say prints for a person or a script. One who does not listen any more is no reason to leave a cluster half started.
func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}
