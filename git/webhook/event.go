package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Event is what a request says: a hint, whoever has signed it.
type Event struct {
	// Moved is false for what moves no ref: a ping, an issue, a comment.
	Moved bool
	// Repositories are addresses of the one repository that it is about, in several forms; none means every one that may be
	// signed for with the secret.
	Repositories []string
	// Refs are full names of those that moved; none means any.
	Refs []string
}

// errPayload says that a body is not what its provider sends.
var errPayload = errors.New("not the JSON that this provider sends; choose JSON as the content type")

// decode reads a body. Unknown keys are passed over, and the decoder bounds how deep it goes.
func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return errPayload // the decoder's own words quote the body
	}
	return nil
}

// pushed returns the event of a push.
func pushed(repositories, refs []string) (Event, error) {
	e := Event{Moved: true, Refs: fullNames(refs...)}
	for _, r := range repositories {
		if r != "" {
			e.Repositories = append(e.Repositories, r)
		}
	}
	if len(e.Repositories) == 0 {
		return Event{}, fmt.Errorf("%w: it names no repository", errPayload)
	}
	return e, nil
}

// fullNames returns those that are full names of refs.
func fullNames(refs ...string) []string {
	var names []string
	for _, r := range refs {
		if strings.HasPrefix(r, "refs/") {
			names = append(names, r)
		}
	}
	return names
}

// full returns the full name of a ref that is given by its kind and its short name.
func full(kind, name string) string {
	switch {
	case strings.HasPrefix(name, "refs/"):
		return name
	case kind == "branch":
		return branches + name
	case kind == "tag":
		return "refs/tags/" + name
	}
	return name
}

// branches begins the full name of a branch.
const branches = "refs/heads/"
