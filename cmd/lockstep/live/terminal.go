package live

import (
	"context"
	"fmt"
	"io"
	"os"
	stdsync "sync"
	"time"

	"github.com/lockstep-dev/lockstep/sync"
)

const (
	shortestFrame = 50 * time.Millisecond  // between two frames, whatever happens
	longestFrame  = 100 * time.Millisecond // while a commit goes live: time goes on
	mostPending   = 500                    // lines that wait for a terminal that does not take them
)

// Terminal draws the commits of one app on a terminal: one block a commit, in place until its closing line, then left
// standing; later changes of the app's state are lines below it. It is a [sync.Observer].
type Terminal struct {
	screen screen
	size   func() (columns, rows int)
	wake   sync.Wake

	mu    stdsync.Mutex
	story *story
	above []line // to be written for good
}

// NewTerminal returns an observer of app that draws on out, once [Terminal.Run] runs. Events of other apps are dropped.
func NewTerminal(out *os.File, app sync.App) *Terminal {
	return newTerminal(out, themeOf(out), func() (int, int) { return sizeOf(out) }, app)
}

func newTerminal(out io.Writer, look theme, size func() (columns, rows int), app sync.App) *Terminal {
	return &Terminal{screen: screen{out: out, theme: look}, size: size, wake: sync.NewWake(), story: newStory(app)}
}

// Observe takes event into the picture. It never blocks: a terminal that is slow misses what was on the way.
func (t *Terminal) Observe(_ context.Context, event sync.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if event.App != t.story.app.Name {
		return
	}
	t.take(event)
	t.above = t.above[max(0, len(t.above)-mostPending):]
	t.wake.Poke()
}

// take tells event and settles what is final: a block that is over, or a line after it.
func (t *Terminal) take(event sync.Event) {
	wasOver, seen := t.story.over, t.story.app.Revision.Seen
	c := t.canvas()
	if event.Snapshot != nil && !wasOver && !seen.IsZero() {
		t.above = append(t.above, c.picture(t.story.app, c.foot(superseded(event.Snapshot.Revision)))...)
	}
	said := t.story.tell(event)
	switch {
	case !t.story.over:
	case !wasOver:
		t.above = append(t.above, c.closing(t.story)...)
	default:
		for _, s := range said {
			t.above = append(t.above, c.later(s, event.At)...)
		}
	}
}

// Write puts lines of text above the picture, for good: whatever else has to be said on the same terminal, such as a
// log. What p holds is escaped like all other text. It never blocks and never fails.
func (t *Terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.above = append(t.above, t.canvas().paragraph(string(p))...)
	t.above = t.above[max(0, len(t.above)-mostPending):]
	t.wake.Poke()
	return len(p), nil
}

// Run draws until ctx ends, and then what is left to draw; a prompt finds a line of its own, without the ^C of whoever
// ended it. It takes as long as the terminal does. The error is the
// terminal's: it is gone.
func (t *Terminal) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		busy, err := t.frame(time.Now())
		if err != nil {
			return err
		}
		t.rest(ctx, busy)
	}
	if _, err := t.frame(time.Now()); err != nil {
		return err
	}
	return t.screen.leave()
}

// rest waits for the time of the next frame: when something happens, and now and then while a commit goes live.
func (t *Terminal) rest(ctx context.Context, busy bool) {
	var tick <-chan time.Time
	if busy {
		tick = time.After(longestFrame)
	}
	select {
	case <-ctx.Done():
		return
	case <-time.After(shortestFrame):
	}
	select {
	case <-ctx.Done():
	case <-t.wake:
	case <-tick:
	}
}

// frame draws what there is, and returns whether it is still moving.
func (t *Terminal) frame(now time.Time) (busy bool, err error) {
	above, block := t.next(now)
	width, _ := t.size()
	if err := t.screen.show(above, block, width); err != nil {
		return false, fmt.Errorf("draw on the terminal: %w", err)
	}
	return block != nil, nil
}

// next takes the lines that wait to be written for good, and draws the block below them: nil after the closing line.
func (t *Terminal) next(now time.Time) (above, block []line) {
	t.mu.Lock()
	app, over := t.story.app, t.story.over
	above, t.above = t.above, nil
	t.mu.Unlock()
	if over {
		return above, nil
	}
	c := t.canvas()
	return above, c.picture(app, c.waiting(waiting(app, now)))
}

// canvas is the terminal but for the last column, in which terminals differ, and the row that the cursor rests on.
func (t *Terminal) canvas() canvas {
	columns, rows := t.size()
	return canvas{theme: t.screen.theme, width: max(1, columns-1), height: max(1, rows-1)}
}
