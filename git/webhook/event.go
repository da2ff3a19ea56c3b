package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Event is what a request says: a hint, whoever has signed it.
type Event struct {
	// Moved is false for what moves no ref: a ping, an issue, a comment.
	Moved bool
	// Repositories are addresses of the one repository that it is about, in several forms; none means every one that may be
	// signed for with the secret.
	Repositories []string
	// Refs are full names of those that moved, or, of a pull request, how the names of all of its refs begin: such a one ends
	// with a slash. None means any.
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

// still returns the event of a body that is about nothing that moves. It is looked at all the same: a ping shows whoever sets
// a webhook up whether the content type is right.
func still(body []byte) (Event, error) {
	if !json.Valid(body) {
		return Event{}, errPayload
	}
	return Event{}, nil
}

// pushed returns the event of refs that have moved.
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

// requested returns the event of a pull request, whose refs are below a folder with its number.
func requested(repositories []string, below string, number int64) (Event, error) {
	if number <= 0 {
		return Event{}, fmt.Errorf("%w: it names no pull request", errPayload)
	}
	return pushed(repositories, []string{below + strconv.FormatInt(number, 10) + "/"})
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
