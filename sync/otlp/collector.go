package otlp

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/lockstep-dev/lockstep/sync/trust"
)

// Collector is who gets traces, and what they say of whom they are from. Its words are those of OpenTelemetry's specification.
type Collector struct {
	Endpoint string            // as http://collector:4318; the path of OTLP is added
	Traces   string            // the whole address, in place of Endpoint
	CAFile   string            // the certificates of the authorities that are trusted; the system's where it is empty
	Headers  map[string]string // sent with each request; a secret may be among them
	Resource map[string]string // attributes of the resource; service.name is lockstep where they have none
}

// Check says what is wrong with a collector's address, headers or certificates, without a word of them.
func (c Collector) Check() error {
	if _, err := c.address(); err != nil {
		return err
	}
	for name, value := range c.Headers {
		if !headerName.MatchString(name) || strings.ContainsFunc(value, isControl) {
			return errors.New("want headers of NAME=VALUE, percent-encoded and parted by commas")
		}
	}
	return nil
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// address is where the traces go.
func (c Collector) address() (string, error) {
	if c.Traces != "" {
		u, err := parse(c.Traces)
		if err != nil {
			return "", err
		}
		return u.String(), nil
	}
	u, err := parse(c.Endpoint)
	if err != nil {
		return "", err
	}
	return u.JoinPath("v1", "traces").String(), nil
}

func parse(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("want an http(s) URL, as http://collector:4318")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("want a URL without user info, query and fragment")
	}
	return u, nil
}

// transport makes the connections.
func (c Collector) transport() http.RoundTripper {
	if c.CAFile != "" {
		return trust.NewTransport(c.CAFile)
	}
	return http.DefaultTransport.(*http.Transport).Clone()
}

// resource are the attributes of the resource, of a program of that version.
func (c Collector) resource(version string) map[string]string {
	all := map[string]string{"service.name": "lockstep", "service.version": version}
	maps.Copy(all, c.Resource)
	return all
}

// ParseList reads a list as OpenTelemetry's variables have it: NAME=VALUE, parted by commas and percent-encoded. An error says
// nothing of what is in it.
func ParseList(text string) (map[string]string, error) {
	list := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, found := strings.Cut(pair, "=")
		name, err := url.PathUnescape(strings.TrimSpace(name))
		if !found || err != nil || name == "" {
			return nil, errors.New("want NAME=VALUE, percent-encoded and parted by commas")
		}
		if value, err = url.PathUnescape(strings.TrimSpace(value)); err != nil {
			return nil, errors.New("want NAME=VALUE, percent-encoded and parted by commas")
		}
		list[name] = value
	}
	return list, nil
}
