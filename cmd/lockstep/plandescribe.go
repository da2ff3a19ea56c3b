package main

import (
	"errors"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/sync"
)

// describePlan makes the JSON of one app.
func describePlan(p sync.Planned) plannedApp {
	text, _ := p.Revision.MarshalText() // it never fails
	app := plannedApp{
		Name: p.App.Name, Namespace: p.App.Namespace, Repository: p.App.Repository, Path: p.App.Path,
		Revision: string(text), shown: p.Revision.String(),
		Warnings: []string{}, Errors: problemsOf(p.Err), Objects: []plannedObject{},
	}
	if p.App.Suspend {
		app.Warnings = append(app.Warnings, "the app is suspended: a run leaves it as it is")
	}
	if p.Blocked != nil {
		app.Blocked = &plannedBlock{Message: p.Blocked.Error(), Objects: p.Blocked.Objects}
	}
	if p.Plan == nil {
		return app
	}
	for _, warning := range p.Plan.Warnings {
		app.Warnings = append(app.Warnings, oneLineOf(warning))
	}
	for _, c := range p.Plan.All() {
		app.Objects = append(app.Objects, describeChange(c))
		app.Summary.count(c.Action)
	}
	return app
}

func describeChange(c *apply.Change) plannedObject {
	o := plannedObject{
		Object: c.ID, Action: c.Action, File: c.File, Line: c.Line, Why: oneLineOf(c.Why), Drift: c.Drift, By: c.Culprits(),
	}
	switch c.Action {
	case apply.Created:
		o.Fields = fieldsOf(c, c.Brings())
	case apply.Configured:
		o.Fields = fieldsOf(c, c.Fields)
		for _, path := range c.KeptSecrets() {
			o.Fields = append(o.Fields, plannedField{Path: path, Secret: secretEqual})
		}
	}
	switch {
	case o.Why != "":
	case c.Deferred():
		o.Why = "not rehearsed: the commit itself brings its kind or its namespace"
	case c.Action == apply.Created && c.Drift:
		o.Why = "it had been deleted"
	}
	return o
}

func fieldsOf(c *apply.Change, fields []apply.Field) []plannedField {
	var all []plannedField
	for _, f := range fields {
		one := plannedField{Path: f.Path, Old: f.Old, New: f.New}
		if apply.HoldsSecrets(c) && apply.IsSecret(f.Path) {
			one = plannedField{Path: f.Path, Secret: secretDiffers}
			switch {
			case f.Old == nil:
				one.Secret = secretAdded
			case f.New == nil:
				one.Secret = secretRemoved
			}
		}
		all = append(all, one)
	}
	return all
}

// problemsOf are all errors in one, each with its file and line.
func problemsOf(err error) []planProblem {
	all := []planProblem{}
	if err == nil {
		return all
	}
	if invalid, ok := errors.AsType[manifest.Errors](err); ok {
		for _, e := range invalid {
			at := manifest.Error{Document: e.Document, Field: e.Field, Message: e.Message}
			all = append(all, planProblem{File: e.File, Line: e.Line, Message: at.Error()})
		}
		return all
	}
	missing, noNamespace := errors.AsType[*apply.NamespaceError](err)
	if noNamespace {
		all = append(all, planProblem{Message: missing.Error()})
	}
	if refused, ok := errors.AsType[apply.Errors](err); ok {
		for _, e := range refused {
			if noNamespace && apierrors.IsNotFound(e) {
				continue // said once
			}
			all = append(all, planProblem{Object: &e.ID, File: e.File, Line: e.Line, Message: oneLineOf(e.Err.Error())})
		}
		return all
	}
	if failed, ok := errors.AsType[*sync.Error](err); ok {
		err = failed.Err
	}
	return append(all, planProblem{Message: oneLineOf(err.Error())})
}

// String reads "web-deployment.yaml:1: deployment.apps/web-server: <cause>".
func (p planProblem) String() string {
	text := p.Message
	if p.Object != nil {
		text = p.Object.String() + ": " + text
	}
	if p.File == "" {
		return oneLineOf(text)
	}
	file := p.File
	if p.Line > 0 {
		file += ":" + strconv.Itoa(p.Line)
	}
	return oneLineOf(file + ": " + text)
}
