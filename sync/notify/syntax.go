package notify

import (
	"reflect"
	"slices"
	"text/template/parse"
)

// isPlain reports whether a template has nothing in it that could go on for ever.
func isPlain(node parse.Node) bool {
	switch node := node.(type) {
	case *parse.ListNode:
		if node == nil {
			return true
		}
		for _, child := range node.Nodes {
			if !isPlain(child) {
				return false
			}
		}
		return true
	case *parse.TextNode, *parse.CommentNode:
		return true
	case *parse.ActionNode:
		return isBounded(node.Pipe)
	case *parse.IfNode:
		return isBounded(node.Pipe) && isPlain(node.List) && isPlain(node.ElseList)
	case *parse.WithNode:
		return isBounded(node.Pipe) && isPlain(node.List) && isPlain(node.ElseList)
	}
	return false
}

// isBounded reports whether a pipeline calls nothing that makes long texts of short ones.
func isBounded(pipe *parse.PipeNode) bool {
	for _, command := range pipe.Cmds {
		for _, arg := range command.Args {
			switch arg := arg.(type) {
			case *parse.IdentifierNode:
				if arg.Ident == "printf" || arg.Ident == "call" {
					return false
				}
			case *parse.ChainNode: // a field of what is no field
				return false
			case *parse.PipeNode:
				if !isBounded(arg) {
					return false
				}
			}
		}
	}
	return true
}

// hasFields reports whether all fields that a template names are there, on whichever way through it. Within a with the dot is a
// text, which has none.
func hasFields(node parse.Node, dot bool) bool {
	switch node := node.(type) {
	case *parse.ListNode:
		return node == nil || !slices.ContainsFunc(node.Nodes, func(child parse.Node) bool { return !hasFields(child, dot) })
	case *parse.ActionNode:
		return namesFields(node.Pipe, dot)
	case *parse.IfNode:
		return namesFields(node.Pipe, dot) && hasFields(node.List, dot) && hasFields(node.ElseList, dot)
	case *parse.WithNode:
		return namesFields(node.Pipe, dot) && hasFields(node.List, false) && hasFields(node.ElseList, dot)
	}
	return true
}

// namesFields is hasFields of a pipeline, or of what is in it.
func namesFields(node parse.Node, dot bool) bool {
	switch node := node.(type) {
	case *parse.PipeNode:
		return !slices.ContainsFunc(node.Cmds, func(command *parse.CommandNode) bool {
			return slices.ContainsFunc(command.Args, func(arg parse.Node) bool { return !namesFields(arg, dot) })
		})
	case *parse.FieldNode:
		return dot && len(node.Ident) == 1 && isField(node.Ident[0])
	case *parse.VariableNode:
		return len(node.Ident) == 1 || len(node.Ident) == 2 && isField(node.Ident[1])
	}
	return true
}

func isField(name string) bool {
	_, is := reflect.TypeFor[Fields]().FieldByName(name)
	return is
}
