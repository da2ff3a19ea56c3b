package main

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/live"
)

// lookEvery is how often status --watch asks the daemon.
const lookEvery = 500 * time.Millisecond

// shown is what a daemon has answered, and how to print it.
type shown struct {
	answer any
	print  func(out io.Writer) error
}

// keepShowing prints what look returns for as long as ctx lasts: again and again in place on a terminal, elsewhere once,
// and again below whenever it is something else. It ends with look's first error, as when the daemon has gone.
func keepShowing(ctx context.Context, out io.Writer, look func(context.Context) (shown, error)) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	frame := &live.Frame{Out: out}
	said := ""
	for {
		now, err := look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		answer, err := json.Marshal(now.answer)
		if err != nil {
			return err
		}
		if frame.Moves() || string(answer) != said {
			said = string(answer)
			if err := now.print(frame); err != nil {
				return err
			}
			if err := frame.Show(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
