# Writes the files INPUT (a list), one after another, as a C array SYMBOL (terminated
# by two NUL bytes, which the length SYMBOL_length leaves out) to OUTPUT.
foreach(file ${INPUT})
  file(READ ${file} part HEX)
  string(APPEND bytes "${part}")
endforeach()
string(LENGTH "${bytes}" digits)
math(EXPR length "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include <stddef.h>\nextern const char ${SYMBOL}[];\nextern const size_t ${SYMBOL}_length;\nconst char ${SYMBOL}[] = {\n${bytes}0,0};\nconst size_t ${SYMBOL}_length = ${length};\n")
