package live

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// several apps, each in a state of its own.
func several() []status.App {
	named := func(app status.App, name string) status.App {
		app.Message = strings.Replace(app.Message, app.Name+" ", name+" ", 1)
		app.Name = name
		return app
	}
	return []status.App{
		named(scaled().folded(), "web"),
		named(stuck().folded(), "greedy"),
		named(newScript().fail(sync.StepFetch, errRefused).folded(), "unreachable"),
		named(scaledTo(3, 1), "日本"),
		status.New(sync.App{Name: "new", Repository: "https://git.example.com/team/shop.git", Path: ".", Namespace: "shop"}),
	}
}

func drawn(c canvas, wide bool) string {
	var b bytes.Buffer
	table(&b, c, several(), wide, start.Add(time.Hour))
	return strings.ReplaceAll(b.String(), "\x1b", "\\e")
}

func TestATableOfAllApps(t *testing.T) {
	golden(t, "table.txt", drawn(canvas{}, false)+"\n"+drawn(canvas{}, true)+"\n"+drawn(canvas{width: 80}, false)+
		"\n"+drawn(canvas{theme: theme{colour: true}, width: 100}, false))
}

func TestATableOfNoAppIsItsHeader(t *testing.T) {
	var b bytes.Buffer
	Table(&b, nil, false)
	if got, want := b.String(), "NAME  STATE  REVISION  READY  ENDPOINTS  SINCE  MESSAGE\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEveryRowOfATableHasTheColumnsOfItsHeader(t *testing.T) {
	for _, wide := range []bool{false, true} {
		for _, app := range several() {
			if got, want := len(canvas{}.row(app, wide, start)), len(canvas{}.header(wide)); got != want {
				t.Errorf("%s: %d cells under a header of %d", app.Name, got, want)
			}
		}
	}
}

func TestADetailIsTheLastFrameAndWhereTheTimeWent(t *testing.T) {
	var b bytes.Buffer
	for _, app := range []status.App{scaled().folded(), stuck().folded(), scaledTo(30, 2), several()[4]} {
		detail(&b, canvas{}, app, start.Add(time.Hour))
		b.WriteString("\n=====\n\n")
	}
	detail(&b, canvas{width: 60}, stuck().folded(), start.Add(time.Hour))
	golden(t, "detail.txt", b.String())
}
